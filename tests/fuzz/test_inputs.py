"""Any argument, and any changed file, is used or refused with a TypeError or ValueError, within little time and memory.

`benchmarks/reliability/fuzz.py` runs the same properties for longer, also guided by coverage.
"""

import atexit
import copy
import io
import json
import re
import tempfile
from dataclasses import fields
from functools import cache
from pathlib import Path
from time import process_time

import numpy as np
import tifffile
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from PIL import Image

from napari_swnn import (
    CoarseScan,
    FractionMap,
    Model,
    NoiseGradient,
    PorosityMap,
    Recipe,
    Reference,
    SpatialMask,
    TrainingConfig,
    VolumeSpec,
    compose,
    generate,
    plan_training,
    prepare,
)
from napari_swnn._reader import labels_reader, volume_reader
from napari_swnn.core.model.segmentation import ThresholdCurve
from napari_swnn.core.network.config import NetworkConfig, StageConfig
from napari_swnn.core.network.stage import Stage
from napari_swnn.core.volume.describe_composition import describe_composition
from napari_swnn.core.volume.virtual_volume import describe_volume
from napari_swnn.io import open_volumes, read_image, read_labels, read_sections
from napari_swnn.io.images import read_voxel_sides
from napari_swnn.preparation import Crop, Denoise, FillHoles, FlattenBackground, RemoveSpecks, Smooth, Threshold
from napari_swnn.runs.composition_file import read_composition

few = settings(max_examples=20)
LONGEST = 2.0
"""Limit of the processor time of one call in seconds; most take milliseconds."""
SENTENCE = re.compile(r"\b(must|needs?|has|cannot|exclude)\b")
"""Words of which a refusal contains one, unlike most errors that Python raises by itself."""
NUMBERS = st.integers(-3, 9) | st.integers() | st.floats() | st.sampled_from([10**30, 2**31, 2**63, 1e308, 0.3])
SCALARS = st.none() | st.booleans() | NUMBERS | st.text(max_size=3) | st.binary(max_size=2) | st.complex_numbers()
NUMPY_SCALARS = npst.arrays(npst.scalar_dtypes(), ()).map(lambda array: array[()])
NESTED = st.recursive(
    SCALARS | NUMPY_SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.tuples(inner, inner, inner) | st.dictionaries(SCALARS, inner),
    max_leaves=6,
)
ARRAYS = npst.arrays(
    st.sampled_from([bool, "u1", "i8", "f4", "f8", ">i2", "c8", "U2", object, "M8[s]"]),
    npst.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=5),
)
FRACTIONS = npst.arrays(
    st.sampled_from(["f4", "f8"]),
    npst.array_shapes(min_dims=1, max_dims=3, max_side=5),
    elements=st.floats(0.1875, 0.375, width=32),
)
ANYTHING = NESTED | ARRAYS
SHAPES = st.tuples(*[st.integers(1, 9)] * 3)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=5,
)
FORMATS = ("grey.png", "palette.png", "rgba.png", "grey.bmp", "grey.jpg", "grey.gif", "array.npy", "array.npz")
TIFFS = {
    "plain.tif": {},
    "zlib.tif": {"compression": "zlib"},
    "lzw.tif": {"compression": "lzw", "predictor": True},
    "tiles.tif": {"compression": "packbits", "tile": (16, 16)},
    "big.tif": {"bigtiff": True, "byteorder": ">"},
    "imagej.tif": {"imagej": True, "metadata": {"axes": "ZYX", "unit": "um"}, "resolution": (2, 2)},
    "ome.tif": {"ome": True, "metadata": {"axes": "ZYX", "PhysicalSizeX": 0.5}},
}


def used_or_refused(call, *arguments, **options):
    """Return the result of a call, or None if it refuses its arguments in the documented way."""
    start = process_time()
    try:
        return call(*arguments, **options)
    except (TypeError, ValueError) as error:
        assert SENTENCE.search(str(error)), error  # noqa: PT017
        return None
    finally:
        assert process_time() - start < LONGEST


@cache
def section():
    return np.kron(np.random.default_rng(0).integers(0, 2, (12, 12), np.uint8), np.ones((3, 3), np.uint8))


@cache
def model(porosity_range=None):
    """Return an untrained model of two small stages."""
    network = NetworkConfig((StageConfig(2, 3, 1, 2, 2), StageConfig(1, 3, 1, 2, 2)), porosity_range=porosity_range)
    generator = torch.Generator().manual_seed(0)
    stages = tuple(
        Stage(stage, conditioned=i > 0, free_ranges=network.free_ranges, generator=generator)
        .eval()
        .requires_grad_(False)
        for i, stage in enumerate(network.stages)
    )
    curve = ThresholdCurve.constant(0.0) if porosity_range is None else ThresholdCurve(porosity_range, (0.0, 0.01))
    return Model(network, stages, curve, 0.3)


@cache
def image(name):
    """Return a small image file of a kind by its name."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, name)
        labels = section() * 255
        if name.endswith(".tif"):
            tifffile.imwrite(path, np.stack([labels] * 3), photometric="minisblack", **TIFFS[name])
        elif name.endswith("npy"):
            np.save(path, labels)
        elif name.endswith("npz"):
            np.savez_compressed(path, labels)
        else:
            mode = {"palette.png": "P", "rgba.png": "RGBA"}.get(name, "L")
            Image.fromarray(labels).convert(mode).save(path)
        return path.read_bytes()


@st.composite
def changed(draw, sources):
    """Draw a file, of which a few bytes are changed, and which may be cut or have something inserted."""
    data = bytearray(draw(sources))
    for _ in range(draw(st.integers(0, 4))):
        # Most of the bytes that matter are among the first hundreds.
        at = draw(st.integers(0, len(data) - 1) | st.integers(0, min(len(data), 400) - 1))
        data[at] = draw(st.integers(0, 255))
    at = draw(st.integers(0, len(data)))
    kind = draw(st.sampled_from(["whole", "whole", "cut", "insert"]))
    if kind == "cut":
        del data[at:]
    if kind == "insert":
        data[at:at] = draw(st.binary(max_size=12))
    return bytes(data)


@few
@given(ANYTHING)
def test_a_shape(shape):
    volume = used_or_refused(describe_volume, model(), VolumeSpec(shape))
    assert volume is None or (len(volume.shape) == 3 and min(volume.shape) > 0)


@few
@given(st.fixed_dictionaries({}, optional={item.name: ANYTHING for item in fields(VolumeSpec) if item.name != "shape"}))
def test_a_description_of_a_volume(entries):
    volume = used_or_refused(generate, model((0.1, 0.4)), (8, 9, 10), **entries)
    assert volume is None or volume.shape == (8, 9, 10)


@few
@given(FRACTIONS, SHAPES)
def test_a_map_of_fractions(values, shape):
    volume = used_or_refused(generate, model((0.1, 0.4)), shape, porosity=values)
    if values.ndim in (2, 3):
        assert volume.shape == shape
        assert set(np.unique(volume)) <= {0, 1}


@few
@given(ANYTHING, ANYTHING, ANYTHING)
def test_a_map(first, second, third):
    for make in (PorosityMap.from_labels, PorosityMap.gradient, FractionMap.from_labels, FractionMap.gradient):
        used_or_refused(make, first, second)
    used_or_refused(PorosityMap.gradient, first, second, third)
    used_or_refused(PorosityMap.constant, first)
    used_or_refused(FractionMap.from_arrays, first)
    used_or_refused(CoarseScan, first)
    found = used_or_refused(PorosityMap.from_array, first)
    assert found is None or 0 <= found.extremes[0] <= found.extremes[1] <= 1


@few
@given(ANYTHING, SHAPES, st.fixed_dictionaries({}, optional=dict.fromkeys(("outside", "axis", "method"), ANYTHING)))
def test_a_mask(values, shape, options):
    mask = used_or_refused(SpatialMask, values, **options)
    if mask is None:
        return
    volume = used_or_refused(generate, model(), shape, mask=mask)
    assert volume is None or volume.shape == shape


@few
@given(st.fixed_dictionaries({}, optional=dict.fromkeys(("mean", "spread", "axis"), ANYTHING)))
def test_a_gradient_of_noise(entries):
    used_or_refused(NoiseGradient, **entries)


@few
@given(st.dictionaries(st.sampled_from([item.name for item in fields(TrainingConfig)]), ANYTHING, max_size=4))
def test_settings(entries):
    config = used_or_refused(TrainingConfig, **entries)
    if config is not None:
        plan = used_or_refused(plan_training, Reference(section()), config=config)
        assert plan is None or plan.n_steps > 0


@few
@given(ANYTHING, st.fixed_dictionaries({}, optional=dict.fromkeys(("phase", "roi", "voxel_size", "unit"), ANYTHING)))
def test_a_reference(labels, options):
    used_or_refused(Reference, labels, **options)
    used_or_refused(Reference, section(), **options)


@few
@given(st.sampled_from([*FORMATS, *TIFFS]).flatmap(lambda name: changed(st.just(image(name)))))
def test_an_image(data):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "image.tif" if data[:2] in (b"II", b"MM") else "image.png")
        path.write_bytes(data)
        for read in (read_image, read_labels, read_sections, read_voxel_sides):
            used_or_refused(read, path)
        for volume in used_or_refused(open_volumes, path) or ():
            if volume.nbytes < 1e6:
                used_or_refused(np.asarray, volume)
        for reader in (volume_reader, labels_reader):
            opened = reader(str(path))
            assert opened is None or used_or_refused(opened, str(path)) != []


@cache
def recipe():
    grey = (Crop(1, 2, 30, 30), FlattenBackground(9), Denoise(), Threshold())
    steps = (*grey, RemoveSpecks(3), FillHoles(3), Smooth(1))
    return json.loads(Recipe(steps).to_json())


@st.composite
def edited(draw, content):
    """Draw a JSON value in which one or two entries are replaced, renamed or missing."""
    content = copy.deepcopy(content)
    for _ in range(draw(st.integers(1, 2))):
        within = content
        while True:
            keys = list(within) if isinstance(within, dict) else range(len(within))
            if not keys:
                return content
            key = draw(st.sampled_from(keys))
            if not isinstance(within[key], dict | list) or draw(st.booleans()):
                break
            within = within[key]
        kind = draw(st.sampled_from(["replace", "replace", "remove", "add"]))
        if kind == "replace":
            within[key] = draw(JSON)
        elif kind == "remove":
            del within[key]
        elif isinstance(within, dict):
            within[draw(st.text(max_size=4))] = draw(JSON)
    return content


@few
@given(edited(recipe()) | JSON)
def test_a_recipe(content):
    made = used_or_refused(Recipe.from_json, json.dumps(content))
    if made is not None:
        assert isinstance(made.describe(), str)
        used_or_refused(prepare, section() * 100, made)


def toml(value):
    """Return a JSON value as TOML, which has no null."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(str(key))} = {toml(entry)}" for key, entry in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    text = json.dumps("" if value is None else value)
    return {"Infinity": "inf", "-Infinity": "-inf", "NaN": "nan"}.get(text, text)


COMPOSITION = {
    "shape": [8, 9, 10],
    "seed": 1,
    "periodic": False,
    "regions": "regions.npy",
    "parts": {
        "0": {"label": 3},
        "1": {"model": "m.swnn", "porosity": 0.25, "seed": 3, "axes": [0, 2, 1], "labels": {"1": 7}},
        "2": {"model": "m.swnn", "profile": {"distances": [0, 4], "porosities": [0.2, 0.3]}, "angle": 30, "axis": 0},
    },
}


@cache
def folder_of_compositions():
    """Return a folder with the files that a composition names; it is removed when the process ends."""
    folder = tempfile.TemporaryDirectory()
    atexit.register(folder.cleanup)
    np.save(Path(folder.name, "regions.npy"), np.arange(8 * 9 * 10).reshape(8, 9, 10) * 3 // 720)
    model((0.1, 0.4)).save(Path(folder.name, "m.swnn"))
    return Path(folder.name)


@few
@given(edited(COMPOSITION))
def test_a_description_of_a_composition(content):
    path = folder_of_compositions() / "c.toml"
    path.write_text("\n".join(f"{json.dumps(key)} = {toml(value)}" for key, value in content.items()), "utf-8")
    try:
        composition = used_or_refused(read_composition, path)
    except FileNotFoundError:  # a model of another name
        return
    volume = None if composition is None else used_or_refused(describe_composition, composition)
    if volume is not None and np.prod(volume.shape) < 1000:
        used_or_refused(compose, composition)


@cache
def checkpoint():
    state = {"cb1_1.conv.weight": torch.ones(2, 3, 3, 3, 3), "cb1_1.conv.bias": torch.zeros(2)}
    state |= {"cb2_1.conv.weight": torch.ones(2, 2, 3, 3, 3), "cb2_1.conv.bias": torch.zeros(2)}
    state |= {f"cb2_1.bn.{name}": torch.ones(2) for name in ("weight", "bias", "running_mean", "running_var")}
    state |= {"last_conv.weight": torch.ones(1, 2, 1, 1, 1), "last_conv.bias": torch.zeros(1)}
    file = io.BytesIO()
    torch.save(state, file)
    return file.getvalue()


@few
@given(changed(st.just(checkpoint())))
def test_a_checkpoint_of_the_authors(data):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "m.pytorch")
        path.write_bytes(data)
        imported = used_or_refused(Model.from_authors, path)
        if imported is not None:
            assert set(np.unique(generate(imported, (6, 6, 6)))) <= {0, 1}
