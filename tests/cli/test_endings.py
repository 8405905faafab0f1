"""Signals, closed pipes, odd encodings and full disks end a command properly, and no long computation is lost."""

import io
import os
import re
import signal
import sys
from pathlib import Path

import pytest

from napari_swnn import Model
from napari_swnn.cli import main
from napari_swnn.cli._streams import LenientStream, lenient_output
from napari_swnn.core.training import checkpoint
from napari_swnn.core.training.trainer import StageTrainer
from napari_swnn.runs import _disk

HANGUP = [signal.SIGHUP] if hasattr(signal, "SIGHUP") else []


@pytest.fixture(autouse=True)
def own_data(monkeypatch, tmp_path):
    monkeypatch.setattr("platformdirs.user_data_dir", lambda *_, **__: str(tmp_path / "data"))
    return tmp_path / "data"


def test_output_that_nobody_reads_is_dropped():
    reader, writer = os.pipe()
    os.close(reader)
    stream = LenientStream(os.fdopen(writer, "w"))
    for _ in range(3):
        stream.write("progress\n" * 1000)
        stream.flush()
    stream.close()


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "shift_jis", "gbk", "utf-8"])
def test_characters_that_cannot_be_encoded_are_replaced(monkeypatch, encoding):
    content = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(content, encoding, errors="strict"))
    with lenient_output():
        sys.stdout.write("128 × 128 · S₂ – µm")
    assert content.getvalue().decode(encoding).startswith("128 ")
    assert main(["generate", "none.swnn"]) == 2


class Closed(io.StringIO):
    def write(self, text):
        raise BrokenPipeError(32, "Broken pipe")


@pytest.mark.parametrize("command", ["train", "generate"])
def test_a_closed_pipe_does_not_end_the_work(model, image, tmp_path, monkeypatch, command):
    arguments = ["train", image] if command == "train" else ["generate", model, "--shape", "8"]
    out = tmp_path / ("new.swnn" if command == "train" else "v.tif")
    monkeypatch.setattr(sys, "stdout", Closed())
    assert main([*arguments, "-o", str(out)]) == 0
    assert out.is_file()


@pytest.mark.parametrize("number", [signal.SIGTERM, *HANGUP])
def test_a_signal_leaves_a_generation_to_resume(model, tmp_path, capsys, monkeypatch, number):
    write = _disk.iter_local

    def ended(*arguments):
        yield next(write(*arguments))
        signal.raise_signal(number)

    command = ["generate", model, "--shape", "70", "-o", str(tmp_path / "v.ome.zarr")]
    with monkeypatch.context() as patch:
        patch.setattr(_disk, "iter_local", ended)
        assert main(command) == 128 + number
    printed = capsys.readouterr().err
    assert "run the same command with --resume" in printed
    assert "ended by a signal" in printed
    assert {path.name for path in tmp_path.glob("v.*")} == {"v.ome.zarr.partial"}
    assert main([*command, "--resume"]) == 0


def kill_after(monkeypatch, n):
    """Make a training end after some steps, as if its process were killed."""
    iter_steps = StageTrainer.iter_steps
    monkeypatch.setattr(checkpoint, "INTERVAL", 0.0)

    def killed(trainer):
        for i, step in enumerate(iter_steps(trainer)):
            yield step
            if i == n:
                raise RuntimeError("killed")

    monkeypatch.setattr(StageTrainer, "iter_steps", killed)


def test_a_killed_training_is_resumed_to_the_same_model(model, image, tmp_path, own_data, capsys, monkeypatch):
    command = ["train", image, "-o", str(tmp_path / "again.swnn")]
    with monkeypatch.context() as patch:
        kill_after(patch, 2)
        assert main(command) == 2
    assert len(list((own_data / "trainings").glob("*.checkpoint"))) == 1
    assert main([*command, "--resume"]) == 0
    assert "Resuming the unfinished training" in capsys.readouterr().out
    assert Model.load(tmp_path / "again.swnn").fingerprint() == Model.load(model).fingerprint()
    assert list((own_data / "trainings").iterdir()) == []
    assert main([*command, "--resume", "--overwrite"]) == 0
    assert "there is no unfinished training" in capsys.readouterr().out


@pytest.mark.parametrize("reason", ["full", "taken"])
def test_a_model_that_cannot_be_written_is_kept(image, tmp_path, own_data, quick, capsys, monkeypatch, reason):
    out = tmp_path / "m.swnn"
    save = Model.save
    iter_steps = StageTrainer.iter_steps

    def full(model, path):
        if Path(path) == out:
            raise OSError(28, "No space left on device")
        save(model, path)

    def taken(trainer):
        out.write_text("precious")
        yield from iter_steps(trainer)

    if reason == "full":
        monkeypatch.setattr(Model, "save", full)
    else:
        monkeypatch.setattr(StageTrainer, "iter_steps", taken)
    assert main(["train", image, "-o", str(out)]) == 2
    kept = re.search(r"the model is kept as (\S+\.swnn)", capsys.readouterr().err)[1]
    assert Path(kept).parent == own_data / "models"
    Model.load(kept)
    assert not out.exists() or out.read_text() == "precious"
