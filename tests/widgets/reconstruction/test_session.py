"""The state of a reconstruction by itself: no viewer, no control, and work that advances when the test says so."""

import subprocess
import sys
from dataclasses import replace
from typing import ClassVar

import numpy as np
import pytest
from psygnal import Signal

from napari_swnn._voxel_size import VoxelSize
from napari_swnn.core.training.plan import ReferenceAnalysis
from napari_swnn.widgets.kit.errors import BadInputError
from napari_swnn.widgets.layers.snapshot import Snapshot
from napari_swnn.widgets.reconstruction.request import ModelEntry, ModelList, Request
from napari_swnn.widgets.reconstruction.session import ReconstructionSession, State
from napari_swnn.widgets.reconstruction.spatial import SpatialVariation

SIZE = (32, 32, 32)


class ManualWorker:
    """Runs the work of a session step by step, in the test."""

    stepped = Signal(object)
    done = Signal(object)
    failed = Signal(str)
    cancelled = Signal()

    def __init__(self):
        self.started = []
        self._work = None

    def run(self, work, *args):
        self.started.append(work.__name__)
        self._work = work(*args)

    def stop(self):
        self._work = None
        self.cancelled.emit()

    def abandon(self):
        self._work = None

    def advance(self, n=1):
        """Take some steps."""
        for _ in range(n):
            self.stepped.emit(next(self._work))

    def finish(self):
        """Run the present work to its end."""
        work = self._work
        try:
            while True:
                self.stepped.emit(next(work))
        except StopIteration as end:
            self.done.emit(end.value)

    def fail(self, text):
        self._work = None
        self.failed.emit(text)


class ManualChecker:
    """Answers the last request when the test says so."""

    made: ClassVar[list] = []
    done = Signal(object)
    failed = Signal(str)

    def __init__(self):
        self._request = None
        ManualChecker.made.append(self)

    def request(self, work, *args):
        self._request = (work, *args)

    def drop(self):
        self._request = None

    def answer(self):
        if self._request is not None:
            (work, *args), self._request = self._request, None
            self.done.emit(work(*args))


@pytest.fixture
def worker():
    return ManualWorker()


@pytest.fixture
def models():
    return ModelList()


@pytest.fixture
def session(worker, models, monkeypatch):
    monkeypatch.setattr(ManualChecker, "made", [])
    session = ReconstructionSession(worker, ManualChecker, models)
    session.checks.find_devices()
    answer()
    return session


@pytest.fixture
def snapshot(section):
    return Snapshot("rock", section, None, VoxelSize(0.5, "um"))


@pytest.fixture
def ready(session, snapshot, tiny):
    """A session with an analysed reference."""
    analyse(session, snapshot, tiny)
    return session


@pytest.fixture
def training(ready, worker):
    """A session in the midst of a training."""
    ready.run(request())
    answer()
    worker.advance(2)
    return ready


@pytest.fixture
def entry(range_model):
    return ModelEntry(range_model, "rock", "standard")


def answer():
    """Let all checks answer."""
    for checker in ManualChecker.made:
        checker.answer()


def analyse(session, snapshot, config):
    session.checks.forget_reference(is_chosen=True)
    session.checks.analyse(snapshot, None, config)
    answer()


def request(**changes):
    return replace(Request(SIZE, target=0.3), **changes)


def record(signal):
    """Collect what a signal emits."""
    found = []
    signal.connect(lambda *given: found.append(given[0] if given else None))
    return found


def test_it_needs_neither_a_viewer_nor_qt():
    script = """
import sys
import napari_swnn.widgets.reconstruction.session
print([name for name in ("napari", "qtpy", "PyQt6", "superqt", "vispy", "torch") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_states_on_the_way_to_a_result(session, snapshot, tiny, worker, models):
    assert session.state is State.IDLE
    assert "Add a Labels layer" in session.why_not_run
    session.checks.forget_reference(is_chosen=True)
    assert session.state is State.CHECKING
    assert session.why_not_run == "Analysing the reference…"
    session.checks.analyse(snapshot, None, tiny)
    answer()
    assert session.state is State.READY
    assert session.why_not_run == ""
    session.run(request())
    assert session.state is State.TRAINING
    assert not session.can_run
    answer()
    worker.advance()
    assert session.status.startswith("Training on ")
    worker.finish()
    assert session.state is State.GENERATING
    assert len(models) == 1
    made = record(session.made)
    worker.finish()
    assert session.state is State.READY
    (result,) = made
    assert result.data.shape == SIZE
    assert result.name == "seed 0 · rock · porosity 0.30 · custom"
    assert result.metadata["porosity_of_volume"] == pytest.approx((result.data == 1).mean())
    assert session.status.startswith(f"Done: “{result.name}”, porosity 0.")


def test_a_new_model_does_not_take_the_porosity_of_the_model_that_was_selected(session, snapshot, tiny, worker, entry):
    session.checks.forget_reference(is_chosen=True)
    session.checks.analyse(snapshot, None, tiny)
    answer()
    session.run(request(entry=entry, porosity=0.2))
    answer()
    made = record(session.made)
    worker.finish()
    worker.finish()
    (result,) = made
    assert result.metadata["porosity"] == pytest.approx(0.3)
    assert "(target 0.300)" in session.status


def test_loading_pytorch_comes_first(worker, models):
    session = ReconstructionSession(worker, ManualChecker, models)
    assert session.why_not_run == "Loading PyTorch…"
    assert not session.can_generate


def test_a_run_analyses_once_and_plans_once(session, snapshot, tiny, worker, monkeypatch):
    from napari_swnn.core.training import plan as planning

    calls = {"analyse": 0, "plan": 0, "extract": 0}

    def counted(key, function):
        def count(*args, **kwargs):
            calls[key] += 1
            return function(*args, **kwargs)

        return count

    monkeypatch.setattr(planning, "analyse_reference", counted("analyse", planning.analyse_reference))
    monkeypatch.setattr(planning, "extract_patterns", counted("extract", planning.extract_patterns))
    monkeypatch.setattr(ReferenceAnalysis, "plan", counted("plan", ReferenceAnalysis.plan))
    analyse(session, snapshot, tiny)
    session.checks.prepare(request())
    answer()
    prepared = session.checks.prepared.plan
    session.run(request())
    assert session.work.plan is prepared  # the very plan
    worker.finish()
    worker.finish()
    assert session.state is State.READY
    n_scales = len(prepared.choice.network.stages)
    assert calls == {"analyse": 1, "plan": 1, "extract": n_scales * len(prepared.reference.directions)}


def test_another_porosity_is_planned_without_another_analysis(ready):
    findings = ready.checks.findings
    for target in (0.25, 0.28, (0.2, 0.4)):
        ready.checks.forget_settings({})
        ready.checks.prepare(request(target=target))
        answer()
    assert ready.checks.findings is findings
    assert ready.checks.prepared.plan.porosity_range == (0.2, 0.4)


def test_run_before_the_plan_is_known_waits_for_it(ready, worker):
    ready.run(request())
    assert worker.started == []
    assert ready.status.startswith("Preparing the training on ")
    answer()
    assert worker.started == ["train"]


def test_a_plan_that_is_refused_ends_the_run_beside_its_control(ready, worker):
    ready.run(request(target=(0.4, 0.2)))
    answer()
    assert worker.started == []
    assert not ready.is_busy
    assert "must be one number, or a range" in ready.checks.problems["porosity"]
    assert ready.why_not_run == "Correct the input marked above."


def test_settings_checked_before_the_reference_are_checked_again(session, snapshot, tiny, worker):
    session.checks.prepare(request())
    answer()
    assert session.checks.prepared.plan is None
    analyse(session, snapshot, tiny)
    session.run(request())
    answer()
    assert worker.started == ["train"]


def test_stop_in_a_training_keeps_the_model_and_generates(training, worker, models):
    assert training.can_stop
    training.stop()
    assert training.state is State.STOPPING
    assert not training.can_stop
    worker.finish()
    assert models.last.model.provenance["stopped_early"]
    assert training.state is State.GENERATING


def test_stop_before_the_training_begins_cancels_the_run(ready, worker, models):
    ready.run(request())
    ready.stop()
    answer()
    assert worker.started == []
    assert (ready.state, ready.status, len(models)) == (State.READY, "Cancelled.", 0)


def test_stop_in_a_generation_keeps_the_model(training, worker, models):
    worker.finish()
    training.stop()
    assert training.state is State.READY
    assert training.status == "Cancelled; the model is kept."
    assert len(models) == 1


def test_a_failure_keeps_what_the_user_had(training, worker, models, entry):
    models.add(entry)
    worker.fail("There is not enough memory.")
    assert training.state is State.FAILED
    assert training.failure == "There is not enough memory."
    assert list(models) == [entry]
    assert training.checks.findings is not None
    assert training.can_run
    training.run(request())
    assert training.state is State.TRAINING
    assert training.failure == ""


def test_a_generation_that_fails_keeps_the_model(training, worker, models):
    worker.finish()
    worker.fail("There is not enough memory.")
    assert training.state is State.FAILED
    assert "The model is kept" in training.status
    assert len(models) == 1


def test_closing_in_a_training_finishes_the_model_only(training, worker, models):
    trained = record(training.trained)
    training.close(keep_training=True)
    assert training.state is State.STOPPING
    worker.finish()
    assert not training.is_busy
    assert worker.started == ["train"]
    assert trained == list(models)
    assert "the model is kept" in training.status


@pytest.mark.parametrize("keep", [True, False])
def test_closing_in_a_generation_ends_it(training, worker, keep):
    worker.finish()
    training.close(keep_training=keep)
    assert not training.is_busy
    assert training.status == "Cancelled: the panel was closed."


def test_closing_with_the_viewer_abandons_a_training(training, models):
    training.close(keep_training=False)
    assert not training.is_busy
    assert len(models) == 0


def test_a_result_that_comes_after_the_end_is_ignored(training, worker, models):
    training.close(keep_training=False)
    made = record(training.made)
    worker.done.emit("late")
    worker.failed.emit("late")
    worker.cancelled.emit()
    assert (made, len(models), training.failure) == ([], 0, "")


def test_stale_answers_are_ignored(ready, snapshot, tiny):
    ready.checks.prepare(request())
    ready.checks.forget_settings({})
    answer()
    assert ready.checks.prepared is None
    ready.checks.analyse(snapshot, 1, tiny)
    ready.checks.forget_reference(is_chosen=False)
    answer()
    assert ready.checks.findings is None
    assert ready.state is State.IDLE


def test_a_bad_reference_is_refused_beside_its_control(session, section, tiny):
    analyse(session, Snapshot("flat", np.zeros_like(section), None, VoxelSize()), tiny)
    assert "contains only the value 0" in session.checks.problems["reference"]
    assert session.state is State.IDLE
    assert session.why_not_run == "Correct the input marked above."
    session.checks.forget_reference(is_chosen=True)
    assert session.checks.problems == {}


def test_problems_of_the_form_block_run_and_those_of_the_size_generate(ready):
    assert ready.can_generate
    ready.checks.forget_settings({"porosity": "bad"})
    assert (ready.can_run, ready.can_generate) == (False, True)
    ready.checks.forget_settings({"size": "bad"})
    assert (ready.can_run, ready.can_generate) == (False, False)
    ready.checks.forget_settings({})
    assert (ready.can_run, ready.can_generate) == (True, True)


def test_a_map_for_generate_only_is_told_apart(ready, entry):
    gradient = SpatialVariation("gradient", start=0.2, stop=0.3)
    ready.checks.prepare(request(spatial=gradient, entry=entry))
    answer()
    assert ready.checks.problems["map"].startswith("For Run: ")
    assert (ready.can_run, ready.can_generate) == (False, True)


def test_an_exact_lazy_volume_is_refused(ready, entry):
    ready.checks.prepare(request(exact=True, destination="lazy", entry=entry))
    answer()
    assert "needs the whole volume" in ready.checks.problems["exact"]


def test_layers_that_cannot_be_read_are_refused_at_the_click(session, entry, worker):
    session.generate(request(entry=entry, spatial_problem=BadInputError("map", "Add an image.")))
    assert worker.started == []
    assert session.failure == "Add an image."


def test_realisations_take_consecutive_seeds_and_are_summed_up(session, entry, worker):
    made = record(session.made)
    session.generate(request(entry=entry, porosity=0.3, seed=4, n=3))
    for i in range(3):
        assert f"{i + 1} of 3" in session.status
        worker.finish()
    assert [result.metadata["seed"] for result in made] == [4, 5, 6]
    assert not np.array_equal(made[0].data, made[1].data)
    assert session.status.startswith("Done: 3 realisations, porosity 0.")
    assert "(target 0.300)." in session.status


def test_lazy_volumes_are_described_at_once(session, entry, worker):
    made = record(session.made)
    session.generate(request(entry=entry, porosity=0.3, n=2, destination="lazy"))
    worker.finish()
    assert [result.data.shape for result in made] == [SIZE, SIZE]
    assert not session.is_busy


@pytest.mark.parametrize("n", [1, 2])
def test_a_file_is_written_and_opened(session, entry, worker, tmp_path, n):
    path = tmp_path / "rock.zarr"
    made = record(session.made)
    session.generate(request(entry=entry, porosity=0.3, n=n, destination="file", path=path))
    worker.finish()
    assert session.status.startswith("Done: rock.zarr was written and opened.")
    assert [result.data[0].shape for result in made] == [SIZE] * n
    assert len({result.name for result in made}) == n


def test_a_file_that_cannot_be_shown_is_reported(session, entry, worker, tmp_path):
    session.made.connect(lambda _result: session.report_failure("It could not be opened."))
    session.generate(request(entry=entry, porosity=0.3, destination="file", path=tmp_path / "rock.zarr"))
    worker.finish()
    assert session.state is State.FAILED
    assert session.failure == "It could not be opened."
    assert "was written" in session.status


def test_a_stopped_file_can_be_resumed(session, entry, worker, tmp_path):
    path = tmp_path / "rock.zarr"
    wanted = request(shape=(200, 32, 32), entry=entry, porosity=0.3, destination="file", path=path)
    session.generate(wanted)
    worker.advance()
    session.stop()
    assert "resumes it" in session.status
    assert not path.exists()
    session.generate(wanted)
    worker.finish()
    assert path.is_dir()


def test_the_cost_is_estimated_for_the_plan(ready, monkeypatch):
    from napari_swnn.core.training import cost

    monkeypatch.setattr(cost, "_timing", lambda _plan, _load, _cache: cost.Timing((0.5, 2.0), (0.0, 3.0), 1.0))
    ready.checks.estimate_cost()
    answer()
    assert ready.checks.cost is None  # there is no plan
    ready.checks.prepare(request(n=2))
    answer()
    ready.checks.estimate_cost()
    answer()
    assert ready.checks.cost.generation == pytest.approx(2.0)
    ready.checks.forget_settings({})
    assert ready.checks.cost is None


def test_a_reference_that_changes_before_the_plan_is_ready_ends_the_run(ready, worker):
    ready.run(request())  # the plan is still to come
    ready.checks.forget_reference(is_chosen=True)
    assert not ready.is_busy
    assert "press Run again" in ready.failure
    answer()
    assert worker.started == []


def test_a_result_that_cannot_be_shown_leaves_nothing_busy(training, worker, models):
    def refuse_layer(_result):
        raise RuntimeError("no OpenGL context")

    training.made.connect(refuse_layer)
    worker.finish()
    worker.finish()
    assert training.state is State.FAILED
    assert "no OpenGL context" in training.failure
    assert len(models) == 1


def test_stop_between_realisations_makes_no_further_one(session, entry, worker):
    made = record(session.made)
    session.generate(request(entry=entry, porosity=0.3, n=3))
    worker.stop = lambda: None  # the realisation is complete before its work notices
    session.stop()
    worker.finish()
    assert not session.is_busy
    assert len(made) == 1
    assert len(worker.started) == 1


def test_no_benchmark_runs_beside_a_training(training, monkeypatch):
    requested = []
    monkeypatch.setattr(training.checks, "estimate_cost", lambda: requested.append(1))
    training.estimate_cost()
    assert requested == []
    training.close()
    training.estimate_cost()
    assert requested == [1]
