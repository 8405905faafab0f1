import json
import os
import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.testing import assert_array_equal
from safetensors import safe_open
from safetensors.torch import save_file

from napari_swnn import Model, Reference, generate, train
from napari_swnn.core.model.labels import PhaseLabels


@pytest.fixture(scope="module")
def model(blobs, tiny_config):
    return train(Reference(blobs * 3, phase=3, voxel_size=0.25, unit="um"), porosity=0.2, config=tiny_config)


def test_a_loaded_model_generates_the_same_bytes(model, tmp_path):
    model.save(tmp_path / "rock.swnn")
    loaded = Model.load(tmp_path / "rock.swnn")
    assert_array_equal(generate(loaded, (40, 30, 20), seed=2), generate(model, (40, 30, 20), seed=2))
    for name in ("network", "thresholds", "porosity", "reachable", "labels", "voxel_size", "unit", "provenance"):
        assert getattr(loaded, name) == getattr(model, name)


def test_header_is_json_with_provenance(model, tmp_path):
    model.save(tmp_path / "rock.swnn")
    with safe_open(tmp_path / "rock.swnn", framework="np") as file:
        header = json.loads(file.metadata()["napari-swnn"])
    assert header["format_version"] == 2
    assert header["provenance"]["seed"] == 0
    assert header["provenance"]["training"]["n_steps"] == 3
    assert [schedule["n_steps"] for schedule in header["provenance"]["schedules"]] == [10, 4]  # the steps that ran


def test_settings_of_former_versions_are_kept_as_they_are(model, tmp_path):
    former = {"training": {"network": "plain", "sampling": "slabs", "two_point": 0.0, "n_steps": 3}}
    replace(model, provenance=former).save(tmp_path / "old.swnn")
    assert Model.load(tmp_path / "old.swnn").provenance == former


def test_a_model_for_a_range_comes_back_whole(blobs, tiny_config, tmp_path):
    config = replace(tiny_config, n_scales=1)
    model = train(Reference(blobs), porosity=(0.2, 0.4), config=config)
    model.save(tmp_path / "range.swnn")
    loaded = Model.load(tmp_path / "range.swnn")
    assert loaded.porosity_range == (0.2, 0.4)
    assert loaded.thresholds == model.thresholds
    assert len(set(model.thresholds.values)) > 1
    for ours, theirs in zip(loaded.stages, model.stages, strict=True):
        for name, weight in theirs.state_dict().items():
            assert torch.equal(ours.state_dict()[name], weight), name


def test_a_file_of_the_second_format_is_read_and_saved_with_the_same_bytes(tmp_path):
    stored = Path(__file__).with_name("range-format-2.swnn")  # trained for a range, with two channels in each stage
    model = Model.load(stored)
    assert model.fingerprint() == "47a7eb69772b239358a4979a8e530d7e2fd3745d148691c177e9073696202c38"
    assert model.labels == PhaseLabels((3, 0))
    assert model.fractions is None
    model.save(tmp_path / "again.swnn")
    assert (tmp_path / "again.swnn").read_bytes() == stored.read_bytes()


def test_files_of_the_first_format_are_read(model, tmp_path):
    model.save(tmp_path / "rock.swnn")
    with safe_open(tmp_path / "rock.swnn", framework="pt") as file:
        header = json.loads(file.metadata()["napari-swnn"])
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  (not a mapping)
    del header["thresholds"], header["network"]["porosity_range"]
    header |= {"format_version": 1, "threshold": 0.125}
    save_file(tensors, tmp_path / "old.swnn", metadata={"napari-swnn": json.dumps(header)})
    old = Model.load(tmp_path / "old.swnn")
    assert old.threshold == old.threshold_at(0.7) == 0.125
    assert old.network == model.network


def test_a_failed_save_leaves_the_old_file_whole(model, tmp_path, monkeypatch):
    model.save(tmp_path / "rock.swnn")
    before = (tmp_path / "rock.swnn").read_bytes()

    def fail(*args, **kwargs):
        raise OSError("disk full")

    monkeypatch.setattr("napari_swnn.core.model.model_file.save_file", fail)
    with pytest.raises(OSError, match="disk full"):
        model.save(tmp_path / "rock.swnn")
    assert (tmp_path / "rock.swnn").read_bytes() == before
    assert os.listdir(tmp_path) == ["rock.swnn"]


def _truncated(model, path):
    model.save(path)
    path.write_bytes(path.read_bytes()[:-100])


def _flipped_header(model, path):
    model.save(path)
    content = bytearray(path.read_bytes())
    content[20:40] = b"\xff" * 20
    path.write_bytes(content)


def _text(model, path):
    path.write_text("not a model")


def _foreign(model, path):
    save_file({"weight": torch.zeros(3)}, path)


def _pickled(model, path):
    path.write_bytes(pickle.dumps({"weight": np.zeros(3)}))


def _incomplete(model, path):
    save_file({"a": torch.zeros(1)}, path, metadata={"napari-swnn": '{"format_version": 1}'})


def _later_format(model, path):
    save_file({"a": torch.zeros(1)}, path, metadata={"napari-swnn": '{"format_version": 99}'})


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (_truncated, "damaged or in another format"),
        (_flipped_header, "damaged or in another format"),
        (_text, "damaged or in another format"),
        (_foreign, "safetensors file not written by napari-swnn"),
        (_pickled, "damaged or in another format"),
        (_incomplete, "content is inconsistent"),
        (_later_format, "format 99, this version reads up to 4; update napari-swnn"),
    ],
)
def test_other_files_are_refused_in_one_sentence(model, tmp_path, spoil, message):
    spoil(model, tmp_path / "bad.swnn")
    with pytest.raises(ValueError, match=message):
        Model.load(tmp_path / "bad.swnn")


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="does not exist"):
        Model.load(tmp_path / "none.swnn")


@pytest.mark.parametrize("name", ["three_phase_model", "three_phase_range_model"])
def test_a_model_of_three_phases_comes_back_whole(request, name, tmp_path):
    model = request.getfixturevalue(name)
    model = replace(model, labels=PhaseLabels((1, 0, 2), ("pore", "", "binder")))
    model.save(tmp_path / "electrode.swnn")
    with safe_open(tmp_path / "electrode.swnn", framework="np") as file:
        header = json.loads(file.metadata()["napari-swnn"])
    assert header["format_version"] == 3
    loaded = Model.load(tmp_path / "electrode.swnn")
    for name in ("network", "segmentation", "porosity", "fractions", "reachable", "labels", "voxel", "provenance"):
        assert getattr(loaded, name) == getattr(model, name)
    assert loaded.labels.named == {1: "pore", 2: "binder"}
    assert loaded.fingerprint() == model.fingerprint()
    assert_array_equal(generate(loaded, (40, 30, 20), seed=2), generate(model, (40, 30, 20), seed=2))


def test_names_of_two_phases_need_the_third_format(model, tmp_path):
    named = replace(model, labels=PhaseLabels((3, 0), ("pore", "rock")))
    named.save(tmp_path / "rock.swnn")
    loaded = Model.load(tmp_path / "rock.swnn")
    assert loaded.labels == named.labels
    assert loaded.thresholds == model.thresholds
    assert named.fingerprint() != model.fingerprint()


@pytest.mark.parametrize(
    "changes",
    [
        {"offsets": {"porosities": [0.2], "values": [[0.0, 0.1]]}},
        {"offsets": {"porosities": [0.2, 0.3], "values": [[0.0, 0.1, 0.2]]}},
        {"fractions": [0.5, 0.5]},
        {"labels": {"phases": [1, 0], "names": []}},
        {"labels": {"phases": [1, 0, 2], "names": ["pore"]}},
        {"labels": {"phases": [1, 0, 0], "names": []}},
    ],
)
def test_contradictory_phases_are_refused(three_phase_model, tmp_path, changes):
    three_phase_model.save(tmp_path / "bad.swnn")
    with safe_open(tmp_path / "bad.swnn", framework="pt") as file:
        header = json.loads(file.metadata()["napari-swnn"])
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  (not a mapping)
    save_file(tensors, tmp_path / "bad.swnn", metadata={"napari-swnn": json.dumps(header | changes)})
    with pytest.raises(ValueError, match="whose content is inconsistent"):
        Model.load(tmp_path / "bad.swnn")
