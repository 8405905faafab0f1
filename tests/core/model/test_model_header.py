"""A model file states what is possible and consistent, or is refused with the reason, before anything is allocated."""

import json
import struct
from dataclasses import asdict
from time import perf_counter

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from napari_swnn import Model, Reference, train
from napari_swnn.core.model.weights import expected_shapes, named_tensors


@pytest.fixture(scope="module")
def model(blobs, tiny_config):
    return train(Reference(blobs * 3, phase=3, voxel_size=0.25, unit="um"), porosity=0.2, config=tiny_config)


def edited(model, path, change, change_tensors=None):
    """Save a model with changed settings."""
    model.save(path)
    with safe_open(path, framework="pt") as file:
        header = json.loads(file.metadata()["napari-swnn"])
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  (not a mapping)
    change(header)
    if change_tensors is not None:
        change_tensors(tensors)
    save_file(tensors, path, metadata={"napari-swnn": json.dumps(header)})
    return path


def stage(**changes):
    return lambda header: header["network"]["stages"][0].update(changes)


def settings(**changes):
    return lambda header: header.update(changes)


def network(**changes):
    return lambda header: header["network"].update(changes)


INF, NAN = float("inf"), float("nan")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (settings(thresholds={"porosities": [0.0], "values": [NAN]}), "thresholds must be a finite number"),
        (settings(thresholds={"porosities": [0.0], "values": [7.0]}), "thresholds must lie between -2.5 and 2.5"),
        (settings(thresholds={"porosities": [0.3, 0.2], "values": [0, 0]}), "porosities of the thresholds must incre"),
        (settings(thresholds={"porosities": [0.2, 0.3], "values": [0]}), "thresholds must have 2 entries, got 1"),
        (settings(thresholds={"porosities": [], "values": []}), "porosities must have 1 or more entries"),
        (stage(scale=3), "scales must decrease by factors of 2 down to 1, got 3, 1"),
        (stage(scale=10**9), "scale must be a whole number from 1"),
        (stage(scale=1), "scales must decrease"),
        (stage(n_channels=1500), "must be float32 of shape"),
        (stage(n_blocks=20_000), "the settings need"),
        (stage(n_blocks=INF), "n_blocks must be a whole number"),
        (stage(n_blocks=True), "n_blocks must be a whole number"),
        (stage(bounded="yes"), "bounded must be true or false"),
        (stage(template_size=0), "template_size must be a whole number from 1"),
        (network(stages=[]), "stages must have 1 or more entries"),
        (network(stages={}), "stages must be a list, got an object"),
        (network(dimension=4), "dimension must be a whole number from 2 to 3"),
        (network(dimension=2), "must be float32 of shape"),
        (network(porosity_range=[0.4, 0.2]), "porosity range must increase"),
        (network(porosity_range=[0.2, 0.2]), "porosity range must increase"),
        (network(porosity_range=[0.2, NAN]), "porosity range must be a finite number"),
        (network(porosity_range=[0.2, 0.4]), "the settings need"),
        (network(n_phase_channels=2), "2 phases need 1 channels, got 2"),
        (settings(labels={"phase": 1, "background": 1}), "labels of the phases must differ"),
        (settings(labels={"phase": INF, "background": 1}), "a label must be a whole number"),
        (settings(labels={"phase": 2**64, "background": 1}), "got a very large number"),
        (settings(labels={"phase": 1}), "the entry 'background' is missing"),
        (settings(labels={"phases": list(range(9)), "names": []}), "phases must have 2 or more entries"),
        (settings(porosity="0.2"), "porosity must be a finite number, got '0.2'"),
        (settings(porosity=1.5), "porosity must lie between 0 and 1"),
        (settings(fractions=[0.2, 0.8]), "fractions must be those of more than two phases"),
        (settings(voxel_size=0), "voxel_size must lie"),
        (settings(voxel_size=True), "voxel size must be a finite number"),
        (settings(unit=None), "unit must be a text, got None"),
        (settings(reachable="ab"), "reachable porosities must be a list"),
        (settings(reachable=[0.5, 0.2]), "reachable porosities must increase"),
        (settings(provenance=[1]), "provenance must be an object"),
        (settings(format_version=-7), "the format must be a whole number from 1"),
        (settings(format_version=2.9), "the format must be a whole number from 1"),
        (settings(format_version=INF), "the format must be a whole number from 1"),
        (lambda header: header.pop("network"), "the entry 'network' is missing"),
    ],
)
def test_settings_that_cannot_be_right_are_refused(model, tmp_path, change, reason):
    path = edited(model, tmp_path / "x.swnn", change)
    start = perf_counter()
    with pytest.raises(ValueError, match=f"got {path}, whose content is inconsistent: .*{reason}"):
        Model.load(path)
    assert perf_counter() - start < 2


@pytest.mark.parametrize("value", [NAN, INF, 1e20])
def test_weights_are_finite_and_of_usual_size(model, tmp_path, value):
    def change(tensors):
        tensors["stage0.head.weight"][0, 0] = value

    with pytest.raises(ValueError, match=r"weights stage0.head.weight must be finite and of usual size"):
        Model.load(edited(model, tmp_path / "x.swnn", lambda header: None, change))


@pytest.mark.parametrize("dtype", [torch.int8, torch.bool, torch.complex64, torch.float64, torch.bfloat16])
def test_weights_have_their_type(model, tmp_path, dtype):
    def change(tensors):
        tensors["stage1.head.bias"] = tensors["stage1.head.bias"].to(dtype)

    with pytest.raises(ValueError, match=r"the tensor stage1.head.bias must be float32 of shape \[1\], got"):
        Model.load(edited(model, tmp_path / "x.swnn", lambda header: None, change))


@pytest.mark.parametrize("fixture", ["model", "three_phase_model", "three_phase_range_model"])
def test_the_expected_tensors_are_those_of_the_network(request, fixture):
    model = request.getfixturevalue(fixture)
    found = {name: tuple(tensor.shape) for name, tensor in named_tensors(model.stages).items()}
    assert dict(expected_shapes(model.network)) == found


def test_a_changed_weight_or_setting_of_the_third_format_is_found(three_phase_model, tmp_path):
    def one_bit(tensors):
        tensors["stage0.head.weight"].view(torch.int32)[0, 0] ^= 1

    for change, change_tensors in (
        (lambda header: None, one_bit),
        (settings(porosity=0.21), None),
        (lambda header: header["provenance"].update(seed=7), None),
        (lambda header: header.pop("digest"), None),
    ):
        with pytest.raises(ValueError, match="settings or weights have changed since it was saved"):
            Model.load(edited(three_phase_model, tmp_path / "x.swnn", change, change_tensors))


def test_a_box_of_fractions_that_exclude_each_other_is_refused(three_phase_model, tmp_path):
    box = {"ranges": [[0.8, 0.9], [0.8, 0.9], None], "shares": [0.0, 0.0, 1.0]}
    with pytest.raises(ValueError, match="ranges of fractions exclude each other"):
        Model.load(edited(three_phase_model, tmp_path / "x.swnn", network(box=box)))


@pytest.mark.parametrize(
    "content",
    [
        struct.pack("<Q", 2**63) + b"{}",
        struct.pack("<Q", 2**40) + b"{}" * 100,
        struct.pack("<Q", 200_000) + b"[" * 200_000,
        struct.pack("<Q", 2) + b"[]",
        b"\0\0",
        b"",
    ],
)
def test_headers_that_cannot_be_read_are_refused(tmp_path, content):
    (tmp_path / "x.swnn").write_bytes(content)
    with pytest.raises(ValueError, match="damaged or in another format"):
        Model.load(tmp_path / "x.swnn")


def test_a_folder_is_named_as_one(tmp_path):
    with pytest.raises(ValueError, match="got the folder"):
        Model.load(tmp_path)


def test_real_models_are_far_from_the_limits(model):
    assert max(abs(np.asarray(tensor)).max() for tensor in named_tensors(model.stages).values()) < 100
    assert max(asdict(model.network.stages[0])[name] for name in ("n_channels", "n_blocks", "scale")) < 100
