import numpy as np
import pytest

from napari_swnn.core.descriptor.reference import Reference
from napari_swnn.core.descriptor.section_windows import SectionWindows


def windows_of(reference, *porosities, scale=1, side=24):
    return SectionWindows(reference, porosities, scale=scale, side=side, least_side=15)


@pytest.mark.parametrize("scale", [1, 2])
@pytest.mark.parametrize("change", [-0.05, 0.0, 0.05])
def test_windows_have_the_target_porosity_in_the_mean(scale, change, blobs, rng):
    reference = Reference(blobs)
    target = reference.porosity + change
    drawn = windows_of(reference, target, scale=scale).draw(2000, target, 0, rng)
    assert drawn.mean() == pytest.approx(target, abs=0.002)
    assert len(np.unique(drawn.mean(axis=(1, 2, 3)))) > 30


def test_windows_shrink_until_enough_have_the_target_porosity(rng):
    image = np.zeros((64, 64), np.uint8)
    image[:, ::8] = 1
    image[:, 40:44] = 1
    reference = Reference(image)
    assert windows_of(reference, reference.porosity, side=40).directions[0].patterns.shape[-1] == 40
    rare = windows_of(reference, 0.28, side=40).directions[0].patterns.shape[-1]
    assert 15 <= rare < 40


def test_windows_lie_inside_the_region_of_interest(blobs, rng):
    inside = np.zeros(blobs.shape, bool)
    inside[:40, :48] = True
    spoilt = np.where(inside, blobs, 2)
    target = blobs[:40, :48].mean()
    drawn = windows_of(Reference(spoilt, roi=inside), target).draw(200, target, 0, rng)
    places = np.lib.stride_tricks.sliding_window_view(blobs[:40, :48], (24, 24)).reshape(-1, 24, 24)
    known = {change(place).tobytes() for place in places for change in _mirrors()}
    assert all(window.astype(np.uint8).tobytes() in known for window in drawn[:, 0])


def _mirrors():
    def mirror(steps, transposed):
        return lambda a: np.ascontiguousarray((a.T if transposed else a)[:: steps[0], :: steps[1]]).astype(np.uint8)

    return [mirror((y, x), transposed) for y in (1, -1) for x in (1, -1) for transposed in (False, True)]


def test_each_axis_of_a_volume_has_windows_of_its_own(rng):
    volume = np.zeros((32, 32, 32), np.uint8)
    volume[:, ::4] = 1  # planes: lines along the rows, lines along the columns, and whole planes
    windows = windows_of(Reference(volume), 0.25, side=16)
    normal_to_z, normal_to_y, normal_to_x = (windows.draw(8, 0.25, axis, rng)[:, 0] for axis in range(3))
    assert (normal_to_z == normal_to_z[:, :, :1]).all()
    assert np.isin(normal_to_y.mean(axis=(1, 2)), (0, 1)).all()
    assert (normal_to_x == normal_to_x[:, :1, :]).all() or (normal_to_x == normal_to_x[:, :, :1]).all()
