import gc
import weakref
from dataclasses import replace

import numpy as np
import pytest
import torch

from napari_swnn import Reference, generate, iter_training, train
from napari_swnn._steps import drain
from napari_swnn.core.descriptor import ReferenceWarning
from napari_swnn.core.training.calibration import LEAST_BLOCKS, N_NODES
from napari_swnn.core.training.config import TrainingConfig
from napari_swnn.core.training.optimiser import Optimiser
from napari_swnn.core.training.plan import analyse_reference, plan_training
from napari_swnn.core.training.run import TrainingStep
from napari_swnn.core.training.sampling import Randomness
from napari_swnn.core.training.schedule import N_NORM_BATCHES
from napari_swnn.core.training.trainer import StageTrainer


@pytest.fixture(scope="module")
def reference(blobs):
    return Reference(blobs, voxel_size=0.5, unit="um")


def test_training_brings_the_patterns_closer(reference, tiny_config, device):
    config = replace(tiny_config, n_steps=30, n_coarse_steps=20, cube_size=20, coarse_cube_size=20, n_projections=16)
    steps = []
    model = train(reference, config=config, progress=steps.append, device=device)
    for scale in (2, 1):
        losses = [step.loss for step in steps if step.scale == scale]
        assert np.mean(losses[-5:]) < 0.85 * losses[0]
    assert {parameter.device.type for stage in model.stages for parameter in stage.parameters()} == {"cpu"}
    volume = generate(model, (64, 64, 64), device="cpu")
    assert (volume == 1).mean() == pytest.approx(reference.porosity, abs=0.03)


def test_steps_count_up_and_say_what_is_left(reference, tiny_config):
    steps = []
    train(reference, config=tiny_config, progress=steps.append)
    assert [step.iteration for step in steps] == [*range(1, 15), 14]
    assert [step.activity for step in steps] == ["training"] * 14 + ["finding the threshold"]
    assert {step.n_iterations for step in steps} == {14}
    assert steps[-1].time_left == pytest.approx(0, abs=1e-6)
    assert steps[1].time_left > 0
    assert isinstance(steps[0], TrainingStep)
    assert steps[0].preview.shape == (12,) * 3
    assert steps[-1].preview.shape == (16,) * 3


def test_same_seed_same_model(reference, tiny_config, device):
    config = replace(tiny_config, n_channels=16, cube_size=24)  # large enough that a GPU could split its sums

    def weights(seed):
        model = train(reference, config=config, seed=seed, device=device)
        return [p for stage in model.stages for p in stage.parameters()]

    first, again, other = weights(1), weights(1), weights(2)
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    assert not all(torch.equal(a, b) for a, b in zip(first, other, strict=True))


def test_global_random_state_is_left_alone(reference, tiny_config):
    np_state, torch_state = np.random.get_state()[1].copy(), torch.random.get_rng_state()  # noqa: NPY002
    generate(train(reference, config=tiny_config), (16, 16, 16))
    assert (np.random.get_state()[1] == np_state).all()  # noqa: NPY002
    assert torch.equal(torch.random.get_rng_state(), torch_state)


@pytest.mark.parametrize("porosity", [None, 0.15, 0.45])
def test_threshold_gives_the_porosity_asked_for(reference, tiny_config, porosity):
    model = train(reference, porosity=porosity, config=replace(tiny_config, n_calibration_blocks=4))
    volume = generate(model, (128, 128, 128), seed=5)
    assert (volume == 1).mean() == pytest.approx(porosity or reference.porosity, abs=0.01)


@pytest.mark.parametrize("stop_after", [1, 10, 12, 14])  # coarse scale, its end, fine scale, its end
def test_stopping_at_any_step_gives_a_whole_model(reference, tiny_config, stop_after):
    steps = []
    training = iter_training(plan_training(reference, config=tiny_config), should_stop=lambda: len(steps) >= stop_after)
    while True:
        try:
            steps.append(next(training))
        except StopIteration as finished:
            model = finished.value
            break
    assert [step.activity for step in steps].count("training") == stop_after
    assert model.provenance["stopped_early"]
    assert len(model.stages) == 2
    assert (generate(model, (64, 64, 64)) == 1).mean() == pytest.approx(reference.porosity, abs=0.02)


def test_only_the_last_steps_of_the_coarsest_scale_use_running_statistics(reference, tiny_config):
    plan = plan_training(reference, config=replace(tiny_config, n_coarse_steps=4))
    source = Randomness(0, plan.device)
    finished, seen = [], {}
    for index, schedule in enumerate(plan.schedules):
        trainer = StageTrainer(plan, index, finished, source)
        seen[schedule.scale] = [trainer.stage.running_statistics for _ in trainer.iter_steps()]
        finished.append(trainer.stage.fold())
    assert seen == {2: [False] * 4 + [True] * 6, 1: [False] * 4}


def test_two_dimensional_reconstruction(reference, tiny_config):
    config = replace(tiny_config, cube_size=48, coarse_cube_size=24, n_steps=40, n_coarse_steps=40)
    steps = []
    model = train(reference, config=config, dimension=2, seed=1, progress=steps.append)
    section = generate(model, (700, 900), seed=1)
    assert section.shape == (700, 900)
    assert section.mean() == pytest.approx(reference.porosity, abs=0.03)
    losses = [step.loss for step in steps if step.scale == 1]
    assert np.mean(losses[-5:]) < 0.85 * losses[0]


def test_a_volume_trains_each_direction_on_its_own_sections(tiny_config):
    layers = np.zeros((32, 32, 32), np.uint8)
    layers[::4] = layers[1::4] = 1  # normal to z: planes that are full or empty
    plan = plan_training(Reference(layers), config=replace(tiny_config, n_scales=1))
    means = [target.patterns.mean(axis=(1, 2, 3)) for target in plan.families[0]]
    assert set(np.round(means[0], 6)) == {0.0, 1.0}
    assert means[1].min() > 0
    assert means[1].max() < 1


def test_the_papers_network_is_a_cascade_of_one_unbounded_stage(reference, tiny_config):
    model = train(reference, config=replace(tiny_config, recipe="paper"))
    assert [stage.config.scale for stage in model.stages] == [1]
    assert not model.network.stages[0].bounded


def test_paper_preset_has_the_settings_of_the_paper(reference):
    plan = plan_training(reference, preset="paper")
    (stage,), (schedule,) = plan.network.stages, plan.schedules
    assert (stage.n_blocks, stage.n_channels, stage.n_noise_channels, stage.bounded) == (8, 24, 3, False)
    assert (schedule.n_steps, schedule.n_projections, schedule.p) == (2000, 512, 1)
    assert [(window.shape, window.section_axes) for window in schedule.windows] == [
        ((1, 128, 128), (0,)),
        ((128, 1, 128), (1,)),
        ((128, 128, 1), (2,)),
    ]
    assert schedule.optimiser == "adam"
    assert {0.05 * schedule.learning_rate.fraction(step, 2000) for step in range(0, 2000, 7)} == {0.05}
    assert (schedule.n_averaged_steps, schedule.running_statistics_start) == (0, None)
    assert schedule.local_share == schedule.whitened_share == schedule.autocovariance_weight == 0


def test_choice_follows_the_correlation_length():
    coarse = np.kron(np.random.default_rng(0).integers(0, 2, (16, 16)), np.ones((16, 16), int))
    fine = np.random.default_rng(0).integers(0, 2, (256, 256))
    assert len(plan_training(Reference(coarse)).schedules) > len(plan_training(Reference(fine)).schedules)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"porosity": 1.5}, r"porosity must lie in \(0, 1\), got 1.5"),
        ({"porosity": 0.0}, r"porosity must lie in \(0, 1\), got 0.0"),
        ({"preset": "quick"}, "preset must be one of 'draft', 'standard', 'connected', 'fine', 'paper', got 'quick'"),
        ({"dimension": 4}, "dimension must be 2 or 3, got 4"),
        ({"dimension": "2"}, "dimension must be 2 or 3, got '2'"),
        ({"seed": 2**63}, "seed must be a whole number of at most"),
        ({"device": "cpu:abc"}, "device must be present"),
        ({"config": TrainingConfig(cube_size=5)}, "cube_size must be at least 7, to hold a pattern"),
        ({"seed": -1}, "seed must be a whole number of at least 0, got -1"),
        ({"device": "tpu"}, "device must be one of"),
        ({"config": TrainingConfig(template_size=70)}, "square of at least 70 pixels .* the largest inside is 64"),
    ],
)
def test_bad_input_is_refused_before_the_first_step(reference, options, message):
    with pytest.raises(ValueError, match=message):
        train(reference, **options)


def test_numpy_scalars_are_as_good_as_numbers(blobs, tiny_config, tmp_path):
    reference = Reference(blobs, phase=blobs.max(), voxel_size=np.float32(0.5))
    config = replace(tiny_config, n_steps=np.int64(2), learning_rate=np.float32(0.01))
    train(reference, config=config, seed=np.int64(3)).save(tmp_path / "model.swnn")


def test_a_thin_stack_gets_as_many_scales_as_fit(rng):
    with pytest.warns(ReferenceWarning, match="only 14 voxels deep along z"):
        reference = Reference(rng.integers(0, 2, (14, 60, 60)).repeat(3, 1).repeat(3, 2))
    plan = plan_training(reference)
    assert any("only 14 voxels deep along z" in reason for reason in plan.reasons)
    assert max(stage.template_size * stage.scale for stage in plan.network.stages) <= 14


@pytest.mark.parametrize("side", [5, 9, 15])
def test_image_with_few_patterns_is_refused_with_the_least_size(side, rng):
    with pytest.raises(ValueError, match="use a larger image or region, of at least 16 × 16 pixels"):
        plan_training(Reference(rng.integers(0, 2, (side, side))))


def test_image_of_the_least_size_is_taken(rng, tiny_config):
    train(Reference(rng.integers(0, 2, (16, 16))), config=tiny_config)


def test_a_stop_shows_in_the_time_left_and_the_provenance(reference, tiny_config):
    steps = []
    training = iter_training(plan_training(reference, config=tiny_config), should_stop=lambda: len(steps) >= 12)
    model = drain(training, steps.append)
    assert [step.scale for step in steps if step.activity == "training"].count(1) == 2  # of four steps
    assert model.provenance["stopped_early"]
    assert steps[-1].time_left == pytest.approx(0, abs=1e-6)


def test_a_stopped_training_yields_after_each_batch_so_that_it_can_be_discarded(reference, tiny_config):
    steps = []
    plan = plan_training(reference, config=replace(tiny_config, n_calibration_blocks=LEAST_BLOCKS))
    training = iter_training(plan, should_stop=lambda: len(steps) >= 1)
    drain(training, steps.append)
    assert [step.iteration for step in steps] == [1] * len(steps)
    n_untrained = len(plan.schedules) - 1
    n_batches = N_NORM_BATCHES * len(plan.schedules)
    assert len(steps) >= 1 + n_untrained + n_batches + 2 * LEAST_BLOCKS  # the coarse means, then the threshold


def test_a_stop_in_the_calibration_leaves_every_threshold_the_fewest_blocks(reference, tiny_config):
    config, steps = replace(tiny_config, n_scales=1, n_steps=1, n_calibration_blocks=40), []

    def wants_to_stop():
        return sum(step.activity != "training" for step in steps) >= 3

    plan = analyse_reference(reference, config=config, dimension=2).plan(porosity=(0.2, 0.4))
    training = iter_training(plan, should_stop=wants_to_stop)
    model = drain(training, steps.append)
    assert model.provenance["stopped_early"]
    assert sum(step.activity != "training" for step in steps) == N_NODES * LEAST_BLOCKS
    assert len(model.thresholds.values) == N_NODES


def test_a_plain_array_is_refused(blobs):
    with pytest.raises(TypeError, match=r"must be a Reference, got ndarray; wrap it: Reference\(labels\)"):
        train(blobs)


def test_a_missing_gpu_is_refused(reference):
    if torch.cuda.is_available():
        pytest.skip("this machine has one")
    with pytest.raises(ValueError, match="device must be present on this machine, got 'cuda'"):
        train(reference, device="cuda")


@pytest.mark.parametrize(
    ("setting", "value"), [("n_steps", 0), ("recipe", "gan"), ("learning_rate", -1.0), ("n_channels", 2.5)]
)
def test_settings_out_of_range_are_refused(setting, value):
    with pytest.raises(ValueError, match=setting):
        TrainingConfig(**{setting: value})


def test_fine_takes_a_scale_more(blobs):
    reference = Reference(np.tile(blobs, (2, 2)))  # large enough to hold it
    standard, fine = (plan_training(reference, preset=preset).network.stages for preset in ("standard", "fine"))
    assert [stage.scale for stage in fine] == [2 * standard[0].scale, *(stage.scale for stage in standard)]


def test_a_training_frees_its_patterns_when_it_ends(reference, tiny_config):
    # The first Muon of a process keeps the frames that called it: torch loads its compiler there.
    Optimiser([torch.nn.Parameter(torch.ones(2, 2, 1, 1, 1))], 0.1, muon=True)
    plan = plan_training(reference, config=tiny_config)
    patterns = [weakref.ref(family.patterns) for families in plan.families for family in families]
    gc.collect()
    gc.disable()  # only reference counts free memory, as in a process whose collector seldom runs
    try:
        model = drain(iter_training(plan))
        del plan
        assert all(gone() is None for gone in patterns)
        assert model.provenance["n_steps"] == 14
    finally:
        gc.enable()
