import numpy as np
import pytest

from napari_swnn import physics
from napari_swnn._steps import drain
from napari_swnn.physics import PermeabilityProblem, SolverOptions, permeability
from napari_swnn.physics._backend import NumpyBackend
from napari_swnn.physics._stokes.preconditioner import WallForcePreconditioner
from napari_swnn.physics._stokes.spectral import SpectralSolver
from napari_swnn.physics._stokes.wall_forces import WallForces
from napari_swnn.physics._stokes.walls import Walls

# Zick and Homsy (1982), table 2: drag coefficient of a simple-cubic array of spheres against its volume fraction
DRAG = {0.125: 4.292, 0.343: 15.4}


def single_precision(walls, backend):
    return SpectralSolver(walls.shape, backend.single(), mirrored=walls.mirrored)


def simple_cubic(n, fraction):
    """Permeability in voxel² of a cubic cell of n voxels with one sphere: 2 a² / (9 c K)."""
    radius = n * (3 * fraction / (4 * np.pi)) ** (1 / 3)
    return 2 * radius**2 / (9 * fraction * DRAG[fraction])


# Exact cases


@pytest.mark.parametrize(("height", "wall"), [(1, 2), (4, 3), (8, 4), (15, 1)])
@pytest.mark.usefixtures("any_backend")
def test_plane_channel_has_its_discrete_value(channel, height, wall):
    result = permeability(channel(height, wall), phase=1, axis=0, options=SolverOptions(tolerance=1e-11))
    expected = (height**2 + 2) / 12 * height / (height + wall)
    assert result.value == pytest.approx(expected, rel=1e-8)


def test_channel_in_every_direction(channel):
    full = permeability(channel(6, 2), phase=1, axis=None, options=SolverOptions(throw=False, tolerance=1e-10))
    expected = (6**2 + 2) / 12 * 6 / 8
    np.testing.assert_allclose(full.tensor, np.diag([expected, 0, expected]), atol=1e-9)
    outcomes = [result.outcome for result in full.results]
    assert outcomes == [physics.Outcome.CONVERGED, physics.Outcome.NOT_PERCOLATING, physics.Outcome.CONVERGED]
    assert not full.converged


def test_channel_converges_with_the_square_of_the_voxel(channel):
    heights = [4, 8, 16]
    errors = [permeability(channel(h, h), phase=1, axis=0).value / (h**2 / 24) - 1 for h in heights]
    order = -np.polyfit(np.log(heights), np.log(errors), 1)[0]
    assert order == pytest.approx(2, abs=0.01)


def test_channel_profile_and_pressure(channel):
    result = permeability(channel(8, 2), phase=1, axis=0, options=SolverOptions(tolerance=1e-11))
    distance = np.arange(8) + 0.5
    parabola = distance * (8 - distance) / 2 + 1 / 8  # with the discrete value's excess: half-cell drag
    np.testing.assert_allclose(result.velocity[0, 1, :8, 0], parabola, rtol=1e-8)
    assert not result.velocity[:, :, 8:].any()
    np.testing.assert_allclose(result.pressure[:, 0, 0], [2.5, 1.5, 0.5], atol=1e-9)
    assert np.isnan(result.pressure[:, 8:]).all()


def test_square_duct():
    duct = np.zeros((2, 34, 34), np.uint8)
    duct[:, 1:33, 1:33] = 1
    exact = 0.035144 * 32**2 * (32 / 34) ** 2
    assert permeability(duct, phase=1, axis=0).value == pytest.approx(exact, rel=0.005)


# Closed forms


@pytest.mark.usefixtures("any_backend")
def test_simple_cubic_spheres(sphere):
    result = permeability(sphere(64, 0.125), phase=0, axis=0)
    assert result.value == pytest.approx(simple_cubic(64, 0.125), rel=0.01)


def test_denser_spheres(sphere):
    assert permeability(sphere(64, 0.343), phase=0).value == pytest.approx(simple_cubic(64, 0.343), rel=0.01)


# An independent solver


@pytest.mark.parametrize("height", [4, 8])
def test_lattice_boltzmann_channel(channel, height):
    # the magic product 3/16 places the walls exactly for plane flow, up to the cells' averaging
    result = permeability(channel(height, 2), phase=1, options=SolverOptions(method="lbm", tolerance=1e-6))
    exact = height**2 / 12 * height / (height + 2)
    assert result.value == pytest.approx(exact * (1 + 0.5 / height**2), rel=1e-3)


def test_lattice_boltzmann_agrees_on_spheres(sphere):
    volume = sphere(32, 0.125)
    stokes = permeability(volume, phase=0)
    boltzmann = permeability(volume, phase=0, options=SolverOptions(method="lbm", precision="float32"))
    assert boltzmann.value == pytest.approx(simple_cubic(32, 0.125), rel=0.01)
    assert boltzmann.value == pytest.approx(stokes.value, rel=0.02)


def test_lattice_boltzmann_agrees_on_an_anisotropic_tensor(blobs):
    volume = blobs((32, 32, 32), 0.6, sigma=(3, 6, 4), seed=3)
    stokes, boltzmann = (
        permeability(volume, phase=1, axis=None, options=SolverOptions(method=method)) for method in ("stokes", "lbm")
    )
    np.testing.assert_allclose(boltzmann.tensor, stokes.tensor, atol=0.025 * stokes.tensor.max())
    fields = [result.results[0].velocity[0].ravel() for result in (stokes, boltzmann)]
    assert np.corrcoef(fields)[0, 1] > 0.995
    pressures = [result.results[0].pressure[volume == 1] for result in (stokes, boltzmann)]
    assert np.corrcoef(pressures)[0, 1] > 0.99


# Laws


def test_tensor_is_symmetric_and_positive(blobs):
    tensor = permeability(blobs((16, 20, 18), 0.6), phase=1, axis=None, options=SolverOptions(tolerance=1e-9)).tensor
    np.testing.assert_allclose(tensor, tensor.T, atol=1e-6 * tensor.max())
    assert np.linalg.eigvalsh(tensor).min() > 0


def test_flow_follows_an_oblique_channel():
    # a channel at 45°: the response to a drive along z is half along z and half along x
    shift = np.indices((12, 2, 12))
    volume = ((shift[2] - shift[0]) % 12 < 8).astype(np.uint8)
    column = permeability(volume, phase=1, axis=0, options=SolverOptions(tolerance=1e-8)).column
    assert column[2] == pytest.approx(column[0], rel=1e-6)
    assert column[1] == pytest.approx(0, abs=1e-9)


def test_permuting_the_axes_permutes_the_tensor(blobs):
    volume, order = blobs((12, 15, 18), 0.6), [2, 0, 1]
    tensor = permeability(volume, phase=1, axis=None, options=SolverOptions(tolerance=1e-9)).tensor
    permuted = permeability(volume.transpose(order), phase=1, axis=None, options=SolverOptions(tolerance=1e-9)).tensor
    np.testing.assert_allclose(permuted, tensor[np.ix_(order, order)], atol=1e-6 * tensor.max())


@pytest.mark.parametrize("method", ["stokes", "lbm"])
def test_rolling_a_periodic_volume_rolls_the_flow(blobs, method):
    volume = blobs((12, 15, 18), 0.6)
    options = SolverOptions(method=method, tolerance=1e-8)
    plain, rolled = (
        permeability(each, phase=1, options=options) for each in (volume, np.roll(volume, (5, 4, 7), (0, 1, 2)))
    )
    assert rolled.value == pytest.approx(plain.value, rel=1e-6)
    np.testing.assert_allclose(
        rolled.velocity, np.roll(plain.velocity, (5, 4, 7), (1, 2, 3)), atol=1e-5 * plain.velocity.max()
    )


def test_mirroring_changes_nothing_where_the_volume_is_its_own_mirror(sphere):
    volume = sphere(16, 0.343)
    periodic, mirror = (
        permeability(volume, phase=0, boundary=boundary, options=SolverOptions(tolerance=1e-9))
        for boundary in ("periodic", "mirror")
    )
    assert mirror.value == pytest.approx(periodic.value, rel=1e-7)
    assert mirror.velocity.shape == periodic.velocity.shape
    np.testing.assert_allclose(mirror.pressure, periodic.pressure, atol=1e-5)


@pytest.mark.usefixtures("any_backend")
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_mirroring_gives_the_flow_of_the_doubled_volume(blobs, axis):
    # half of the doubled periodic volume is solved; pores that reach the mirrors, and odd and even sides
    volume = blobs((10, 13, 12), 0.6, sigma=2.0, seed=1)
    doubled = np.concatenate([volume, np.flip(volume, axis)], axis)
    half = permeability(volume, phase=1, axis=axis, boundary="mirror", options=SolverOptions(tolerance=1e-10))
    whole = permeability(doubled, phase=1, axis=axis, options=SolverOptions(tolerance=1e-10))
    first = tuple(slice(n) for n in volume.shape)
    # what is left, 1e-8 of the fastest flow, does not shrink with the tolerance and depends on the processor
    np.testing.assert_allclose(half.velocity, whole.velocity[:, *first], atol=3e-8 * whole.velocity.max())
    drop = np.nanmean(half.pressure - whole.pressure[first])  # the doubled volume is twice as long
    np.testing.assert_allclose(half.pressure - whole.pressure[first], np.where(volume, drop, np.nan), atol=1e-6)
    assert half.value == pytest.approx(whole.velocity[axis][first].mean(), rel=1e-8)


@pytest.mark.parametrize("mirrored", [False, True])
def test_wall_forces_act_symmetrically(blobs, rng, backend, mirrored):
    walls = Walls.from_solid(blobs((8, 9, 10), 0.6, sigma=1.5) == 0, mirrored=mirrored)
    forces = WallForces(walls, backend)
    precondition = WallForcePreconditioner(walls, backend, single_precision(walls, backend))
    one, other = (backend.array(rng.standard_normal(walls.n_nodes)) for _ in range(2))
    for apply, accuracy in ((forces.slip, 1e-12), (precondition, 1e-5)):
        here, there = backend.dot(one, apply(other)), backend.dot(other, apply(one))
        assert here == pytest.approx(there, abs=accuracy * backend.dot(one, apply(one)))
        assert backend.dot(one, apply(one)) > 0


@pytest.mark.parametrize("mirrored", [False, True])
def test_fields_in_single_precision_give_the_same_slip(blobs, rng, backend, mirrored):
    walls = Walls.from_solid(blobs((16, 18, 20), 0.4) == 0, mirrored=mirrored)
    double = WallForces(walls, backend)
    single = WallForces(walls, backend, spectral=single_precision(walls, backend))
    forces = backend.array(rng.standard_normal(walls.n_nodes))
    slip = backend.numpy(double.slip(forces))
    np.testing.assert_allclose(backend.numpy(single.slip(forces)), slip, atol=2e-6 * np.abs(slip).max())


def test_preconditioned_forces_have_no_mean_across(blobs, rng):
    walls, backend = Walls.from_solid(blobs((8, 9, 10), 0.6, sigma=1.5) == 0), NumpyBackend("float64")
    precondition = WallForcePreconditioner(walls, backend, single_precision(walls, backend))
    forces = precondition(rng.standard_normal(walls.n_nodes))
    np.testing.assert_allclose([forces[part].sum() for part in walls.parts_across], 0, atol=1e-4)


@pytest.mark.usefixtures("any_backend")
def test_winding_pores_take_few_iterations(blobs):
    # 134; without the pressure along the pores in the preconditioner 188
    volume = blobs((32, 32, 32), 0.2, sigma=2.0, seed=1)
    assert permeability(volume, phase=1, boundary="mirror").n_iterations < 160


def test_mirroring_suits_a_path_that_misses_itself():
    volume = np.zeros((6, 8, 3), np.uint8)
    volume[:3, :3] = volume[3:, 2:5] = 1
    volume[0, 2] = volume[-1, 2] = 0  # in and out do not meet
    assert permeability(volume, phase=1, axis=0, boundary="mirror").value > 0
    with pytest.raises(physics.NotPercolatingError):
        permeability(volume, phase=1, axis=0, boundary="periodic")


# What is returned


def test_velocity_is_darcys_and_conserved(blobs):
    volume = blobs((16, 16, 16), 0.5)
    result = permeability(volume, phase=1, axis=1, options=SolverOptions(tolerance=1e-9))
    assert result.velocity.shape == (3, 16, 16, 16)
    np.testing.assert_allclose(result.velocity[1].mean(axis=(0, 2)), result.value, rtol=1e-6)
    assert not result.velocity[:, volume == 0].any()
    np.testing.assert_array_equal(np.isnan(result.pressure), volume == 0)
    assert np.nanmean(result.pressure[:, 0]) > np.nanmean(result.pressure[:, -1])


@pytest.mark.parametrize(
    ("unit", "metres"), [("km", 1e3), ("ft", 0.3048), ("inch", 0.0254), ("cm", 1e-2), ("um", 1e-6), ("Å", 1e-10)]
)
def test_every_unit_of_length_leads_to_square_metres(channel, unit, metres):
    plain = permeability(channel(6, 2), phase=1)
    scaled = permeability(channel(6, 2), phase=1, voxel_size=0.5, unit=unit)
    assert scaled.value == pytest.approx(plain.value * (0.5 * metres) ** 2)


def test_a_physical_voxel_gives_square_metres(channel):
    plain = permeability(channel(6, 2), phase=1)
    scaled = permeability(channel(6, 2), phase=1, voxel_size=0.5, unit="um")
    assert (plain.unit, scaled.unit) == ("voxel²", "m²")
    assert scaled.value == pytest.approx(plain.value * 0.25e-12, rel=1e-12)
    assert scaled.value_in_voxels == plain.value_in_voxels == plain.value
    np.testing.assert_allclose(scaled.velocity, plain.velocity * 0.25e-12)
    np.testing.assert_allclose(scaled.pressure, plain.pressure * 0.5e-6)


@pytest.mark.usefixtures("any_backend")
def test_single_precision(blobs):
    volume = blobs((24, 24, 24), 0.4)
    single = permeability(volume, phase=1, options=SolverOptions(precision="float32"))
    assert single.converged
    assert single.value == pytest.approx(
        permeability(volume, phase=1, options=SolverOptions(tolerance=1e-7)).value, rel=5e-4
    )


@pytest.mark.parametrize("method", ["stokes", "lbm"])
def test_iterator_yields_each_step_and_returns_the_same(blobs, method):
    volume = blobs((12, 12, 12), 0.6)
    steps = []
    options = SolverOptions(method=method, device="cpu")  # a GPU sums in any order
    result = drain(PermeabilityProblem(volume, phase=1).iter_solve(1, options), steps.append)
    once = permeability(volume, phase=1, axis=1, options=options)
    assert result.value == once.value
    np.testing.assert_array_equal(result.velocity, once.velocity)
    assert steps[-1].iteration == result.n_iterations
    assert steps[-1].residual <= 1e-4 < steps[-2].residual
    assert {step.axis for step in steps} == {1}


# Failures


def test_no_path_is_an_error_that_says_so(channel):
    with pytest.raises(
        physics.NotPercolatingError, match="permeability along axis 1: No path of face-connected voxels"
    ):
        permeability(channel(4, 2), phase=1, axis=1)


def test_no_path_as_an_outcome(channel):
    result = permeability(channel(4, 2), phase=1, axis=1, options=SolverOptions(throw=False))
    assert result.outcome is physics.Outcome.NOT_PERCOLATING
    assert result.value == 0
    assert not result.velocity.any()


@pytest.mark.parametrize(("method", "n"), [("stokes", 3), ("lbm", 40)])
def test_too_few_iterations(blobs, method, n):
    volume = blobs((16, 16, 16), 0.5)
    with pytest.raises(physics.NotConvergedError, match=f"after {n} iterations"):
        permeability(volume, phase=1, options=SolverOptions(method=method, max_iterations=n))
    result = permeability(volume, phase=1, options=SolverOptions(method=method, max_iterations=n, throw=False))
    assert result.outcome is physics.Outcome.MAX_ITERATIONS
    assert result.n_iterations == n
    assert result.residual > 1e-4


VOLUME = np.arange(64).reshape(4, 4, 4) % 2


@pytest.mark.parametrize(
    ("volume", "options", "message"),
    [
        (VOLUME, {"phase": 5}, r"phase must be one of the values of volume \(0, 1\), got 5"),
        (VOLUME * 0, {"phase": 0}, "volume must hold at least two phases"),
        (VOLUME[0], {"phase": 1}, "volume must be 3-D"),
        (VOLUME, {"phase": 1, "axis": -4}, "axis must be one of 0, 1, 2"),
        (VOLUME, {"phase": 1, "boundary": "open"}, "boundary must be one of 'periodic', 'mirror'"),
        (VOLUME, {"phase": 1, "voxel_size": 2.0}, "voxel_size and unit must be given together"),
        (VOLUME, {"phase": 1, "unit": "um"}, "voxel_size and unit must be given together"),
        (VOLUME, {"phase": 1, "voxel_size": 2.0, "unit": "pixel"}, "unit must be a length such as"),
        (VOLUME, {"phase": 1, "voxel_size": 0, "unit": "um"}, r"voxel_size must lie in \(0, inf\)"),
    ],
)
def test_refusals(volume, options, message):
    with pytest.raises(ValueError, match=message):
        permeability(volume, **options)
