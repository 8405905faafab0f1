import numpy as np
import pyamg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import sparse

from napari_swnn import physics
from napari_swnn._steps import drain
from napari_swnn.physics import ConductivityProblem, SolverOptions, effective_conductivity

SILICA = {1: 0.026, 0: 1.4}  # pore and solid, W/(m·K)


def simple_cubic(ratio, fraction):
    """Conductivity of a simple-cubic array of spheres over the matrix's: Sangani and Acrivos (1983).

    Rayleigh's multipoles with the lattice's sums S4 = 3.10822, S6 = 0.57333 and c = 3 / 4π give the coefficients again:
    1.3047 = 16 S4² c^(10/3), 0.4054 = 20 S6 c^(7/3), 0.0723, 0.1526 and 0.01045; for 0.231 they give 0.235. Up to a
    fraction of 0.3 this series and the multipoles up to order 15 agree within 0.02 %.
    """
    l1, l2, l3, l4, l5 = ((ratio - 1) / (ratio + 2 * n / (2 * n - 1)) for n in range(1, 6))
    f = fraction
    series = -1 / l1 + f
    series += 1.305 * l2 * f ** (10 / 3) * (1 + 0.231 * l3 * f ** (11 / 3)) / (1 - 0.405 * l2 * f ** (7 / 3))
    series += 0.0723 * l3 * f ** (14 / 3) + 0.153 * l4 * f**6 + 0.0105 * l5 * f ** (22 / 3)
    return 1 - 3 * f / series


# Exact cases


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.usefixtures("any_backend")
def test_layers_across_are_in_series(layers, axis):
    values = np.repeat([1, 0, 2, 0], [4, 7, 3, 2])
    conductivities = {0: 1.4, 1: 0.026, 2: 30.0}
    result = effective_conductivity(
        layers(values, axis=axis), conductivities, axis=axis, options=SolverOptions(tolerance=1e-11)
    )
    expected = 1 / np.mean([1 / conductivities[value] for value in values])
    assert result.value == pytest.approx(expected, rel=1e-8)
    assert result.converged


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.usefixtures("any_backend")
def test_layers_along_are_in_parallel(layers, axis):
    volume = layers(np.repeat([1, 0], [4, 12]), axis=(axis + 1) % 3)
    result = effective_conductivity(volume, SILICA, axis=axis)
    assert result.value == pytest.approx(0.25 * 0.026 + 0.75 * 1.4, rel=1e-8)
    assert result.converged
    assert result.n_iterations <= 1  # the first guess is exact but for rounding


def test_uniform_volume():
    result = effective_conductivity(np.full((5, 4, 3), 7), {7: 2.5}, axis=1)
    assert result.value == pytest.approx(2.5, rel=1e-12)
    assert result.n_iterations == 0
    np.testing.assert_allclose(result.field[0, :, 0], [0.875, 0.625, 0.375, 0.125])
    np.testing.assert_allclose(result.flux[1], 2.5)


@pytest.mark.usefixtures("any_backend")
def test_end_voxels_of_puma_count_half(layers):
    k = np.array([1.0, 4, 2, 8, 5, 3])
    volume = layers(np.arange(6))
    result = effective_conductivity(
        volume, dict(enumerate(k)), axis=0, boundary="voxel", options=SolverOptions(tolerance=1e-11)
    )
    resistance = np.sum(1 / k) - 0.5 / k[0] - 0.5 / k[-1]
    assert result.value == pytest.approx(5 / resistance, rel=1e-8)
    assert result.field[0, 0, 0] == 1
    assert result.field[-1, 0, 0] == 0


def test_the_two_boundary_conditions_differ_by_one_over_the_length(sphere):
    pattern = sphere(12, 0.2)
    gaps = []
    for periods in (1, 2, 4):
        volume = np.tile(np.roll(pattern, 6, 0), (periods, 1, 1))  # the ends cut the spheres
        face, voxel = (
            effective_conductivity(volume, SILICA, axis=0, boundary=boundary).value for boundary in ("face", "voxel")
        )
        gaps.append(abs(face - voxel))
    assert gaps[0] / gaps[1] == pytest.approx(2, rel=0.15)
    assert gaps[1] / gaps[2] == pytest.approx(2, rel=0.15)


# Closed forms


@pytest.mark.parametrize(
    ("k_sphere", "k_matrix"), [(0.026, 1.4), (1.4, 0.026)], ids=["insulating spheres", "conducting spheres"]
)
def test_simple_cubic_spheres(sphere, k_sphere, k_matrix):
    result = effective_conductivity(sphere(64, 0.3), {1: k_sphere, 0: k_matrix}, axis=0)
    assert result.value == pytest.approx(k_matrix * simple_cubic(k_sphere / k_matrix, 0.3), rel=0.015)


def test_spheres_converge_with_the_voxel(sphere):
    exact = 1.4 * simple_cubic(0.026 / 1.4, 0.1)
    sizes = [16, 32, 64]
    errors = [abs(effective_conductivity(sphere(n, 0.1), SILICA, axis=0).value / exact - 1) for n in sizes]
    order = -np.polyfit(np.log(sizes), np.log(errors), 1)[0]
    assert 0.8 < order < 1.6  # stair-cased interfaces: first order


def test_smooth_material_converges_with_the_square_of_the_voxel(layers):
    # k(z) = 1 + z on [0, 1], one phase a layer: k_eff = 1 / ln 2
    sizes, errors = [8, 16, 32], []
    for n in sizes:
        graded = dict(enumerate(1 + (np.arange(n) + 0.5) / n))
        result = effective_conductivity(layers(np.arange(n)), graded, axis=0, options=SolverOptions(tolerance=1e-11))
        errors.append(abs(result.value * np.log(2) - 1))
    order = -np.polyfit(np.log(sizes), np.log(errors), 1)[0]
    assert order == pytest.approx(2, abs=0.05)


def checkerboard(square):
    """Two by two squares; the ends lie in the middle of squares, where the temperature is uniform by symmetry."""
    board = np.kron([[0, 1], [1, 0]], np.ones((square, square), int))
    return np.roll(board, square // 2, axis=0)


@pytest.mark.usefixtures("any_backend")
def test_checkerboard_is_self_dual():
    # Dykhne (1970): exchanging the phases is a shift, so k_eff = sqrt(k1 k2)
    errors = [
        effective_conductivity(checkerboard(square), {0: 1.0, 1: 4.0}, axis=0).value / 2 - 1 for square in (16, 64)
    ]
    assert abs(errors[1]) < 0.01
    assert abs(errors[1]) < 0.5 * abs(errors[0])


def test_duality_of_a_section(blobs):
    # Keller (1964): k_x(k1, k2) · k_y(k2, k1) = k1 k2 for any periodic section; mirrored sides make the ends uniform
    quarter = blobs((48, 48), 0.4, sigma=6)
    section = np.block([[quarter, quarter[:, ::-1]], [quarter[::-1], quarter[::-1, ::-1]]])
    along = effective_conductivity(section, {0: 1.0, 1: 3.0}, axis=0).value
    across = effective_conductivity(section, {0: 3.0, 1: 1.0}, axis=1).value
    assert along * across == pytest.approx(3, rel=0.01)


# An independent solver


def matrix(k):
    """Assemble the finite-volume matrix and right-hand side link by link; axis 0 driven, the others periodic."""
    number = np.arange(k.size).reshape(k.shape)
    rows, columns, entries = [], [], []

    def link(a, b, conductance):
        for row, column, sign in ((a, a, 1), (b, b, 1), (a, b, -1), (b, a, -1)):
            rows.append(row.ravel())
            columns.append(column.ravel())
            entries.append(sign * conductance.ravel())

    def series(a, b):
        return 2 * a * b / np.where(a + b > 0, a + b, 1)

    link(number[1:], number[:-1], series(k[1:], k[:-1]))
    for side in (1, 2):
        link(number, np.roll(number, 1, side), series(k, np.roll(k, 1, side)))
    for end in (0, -1):
        rows.append(number[end].ravel())
        columns.append(number[end].ravel())
        entries.append(2 * k[end].ravel())
    full = sparse.coo_matrix((np.concatenate(entries), (np.concatenate(rows), np.concatenate(columns))))
    rhs = np.zeros(k.size)
    rhs[number[0].ravel()] = 2 * k[0].ravel()
    return full.tocsr(), rhs


@pytest.mark.usefixtures("any_backend")
def test_algebraic_multigrid_finds_the_same(blobs):
    volume = blobs((24, 20, 17), 0.3)
    k = np.where(volume == 1, 0.026, 1.4)
    system, rhs = matrix(k)
    temperature = pyamg.smoothed_aggregation_solver(system).solve(rhs, tol=1e-11, accel="cg").reshape(k.shape)
    inflow = np.mean(2 * k[0] * (1 - temperature[0])) * k.shape[0]
    result = effective_conductivity(volume, SILICA, axis=0, options=SolverOptions(tolerance=1e-10))
    assert result.value == pytest.approx(inflow, rel=1e-7)
    np.testing.assert_allclose(result.field, temperature, atol=1e-7)


@settings(max_examples=60, deadline=None)
@given(arrays(np.uint8, st.tuples(*[st.integers(2, 5)] * 3), elements=st.integers(0, 2)))
def test_dense_solution_with_insulators_and_islands(volume):
    conductivities = np.array([0.0, 1.0, 20.0])
    k = conductivities[volume]
    system, rhs = matrix(k)
    temperature = np.linalg.lstsq(system.toarray(), rhs)[0].reshape(k.shape)  # islands make the matrix singular
    inflow = np.mean(2 * k[0] * (1 - temperature[0])) * k.shape[0]
    result = effective_conductivity(
        volume,
        dict(enumerate(conductivities)),
        axis=0,
        options=SolverOptions(tolerance=1e-9, device="cpu", throw=False),
    )
    assert result.value == pytest.approx(inflow, abs=1e-7)
    assert result.converged == (inflow > 1e-6)  # either it solves, or there is no path


# Laws


def test_isotropic_samples_lie_within_the_bounds(blobs):
    for seed, pore in enumerate((0.1, 0.2, 0.3, 0.5)):
        result = effective_conductivity(blobs((32, 32, 32), pore, sigma=2, seed=seed), SILICA, axis=0)
        assert result.bounds.hashin_shtrikman.lower < result.value < result.bounds.hashin_shtrikman.upper


@settings(max_examples=150, deadline=None)
@given(
    arrays(np.uint8, st.tuples(*[st.integers(1, 6)] * 3), elements=st.integers(0, 2)),
    st.lists(st.floats(-2, 2), min_size=3, max_size=3),
    st.integers(0, 2),
)
def test_any_volume_lies_within_the_wiener_bounds(volume, decades, axis):
    result = effective_conductivity(
        volume,
        {phase: 10**decade for phase, decade in enumerate(decades)},
        axis=axis,
        options=SolverOptions(tolerance=1e-6, device="cpu"),
    )
    lower, upper = result.bounds.wiener
    assert lower * (1 - 1e-6) <= result.value <= upper * (1 + 1e-6)


def test_permuting_the_axes_permutes_the_tensor(blobs):
    volume = blobs((12, 15, 18), 0.4)
    order = [2, 0, 1]
    tensor = effective_conductivity(volume, SILICA, axis=None, options=SolverOptions(tolerance=1e-9)).tensor
    permuted = effective_conductivity(
        volume.transpose(order), SILICA, axis=None, options=SolverOptions(tolerance=1e-9)
    ).tensor
    np.testing.assert_allclose(permuted, tensor[np.ix_(order, order)], atol=1e-7)


def test_tensor_holds_the_axes(blobs):
    volume = blobs((12, 15, 18), 0.4)
    full = effective_conductivity(volume, SILICA, axis=None)
    assert full.converged
    assert full.unit == "W/(m·K)"
    for axis, result in enumerate(full.results):
        alone = effective_conductivity(volume, SILICA, axis=axis)
        assert full.tensor[axis, axis] == result.value == alone.value


def test_rolling_the_sides_rolls_the_fields(blobs):
    volume = blobs((12, 15, 18), 0.4)
    plain = effective_conductivity(volume, SILICA, axis=0, options=SolverOptions(tolerance=1e-9))
    rolled = effective_conductivity(
        np.roll(volume, (4, 7), (1, 2)), SILICA, axis=0, options=SolverOptions(tolerance=1e-9)
    )
    assert rolled.value == pytest.approx(plain.value, rel=1e-9)
    np.testing.assert_allclose(rolled.field, np.roll(plain.field, (4, 7), (1, 2)), atol=1e-7)


def test_two_phases_with_one_value_are_one_phase(blobs):
    volume = blobs((10, 10, 10), 0.3)
    both = effective_conductivity(volume + 2 * (volume == 0) * (np.indices(volume.shape)[2] % 2), {0: 2, 1: 5, 2: 2})
    assert both.value == pytest.approx(effective_conductivity(volume, {0: 2, 1: 5}).value, rel=1e-12)


def test_a_good_conductor_at_the_hot_end_does_not_loosen_the_tolerance(layers):
    # a residual relative to the inflow, which goes as the conductivity there, would stop too soon
    conductivities = {0: 1.0, 1: 10.0, 2: 100.0}
    result = effective_conductivity(layers([2, 1, 0, 0]), conductivities, axis=0)
    assert result.value == pytest.approx(4 / (0.01 + 0.1 + 1 + 1), rel=1e-6)


@pytest.mark.parametrize("scale", [1e-12, 1e9])
def test_any_unit_suits(blobs, scale):
    volume = blobs((16, 16, 16), 0.3)
    scaled = effective_conductivity(
        volume, {1: 0.026 * scale, 0: 1.4 * scale}, unit="S/m", options=SolverOptions(precision="float32")
    )
    assert scaled.value / scale == pytest.approx(effective_conductivity(volume, SILICA).value, rel=1e-5)
    assert scaled.unit == "S/m"


# What is returned


@pytest.mark.parametrize("boundary", ["face", "voxel"])
def test_flux_is_conserved_and_its_mean_is_the_value(blobs, boundary):
    volume = blobs((14, 12, 10), 0.4)
    result = effective_conductivity(volume, SILICA, axis=1, boundary=boundary, options=SolverOptions(tolerance=1e-10))
    assert result.flux.shape == (3, *volume.shape)
    np.testing.assert_allclose(result.flux[1].mean(axis=(0, 2)), result.value, rtol=1e-6)
    np.testing.assert_allclose(result.column, result.flux.mean(axis=(1, 2, 3)))
    assert np.all(np.diff(result.field.mean(axis=(0, 2))) < 0)


@pytest.mark.usefixtures("any_backend")
def test_single_precision(blobs):
    volume = blobs((24, 24, 24), 0.25)
    single = effective_conductivity(volume, SILICA, options=SolverOptions(precision="float32"))
    assert single.converged
    assert single.field.dtype == np.float32
    assert single.value == pytest.approx(
        effective_conductivity(volume, SILICA, options=SolverOptions(tolerance=1e-9)).value, rel=1e-5
    )


def test_iterator_yields_each_step_and_returns_the_same(blobs):
    volume = blobs((16, 16, 16), 0.3)
    steps = []
    result = drain(ConductivityProblem(volume, SILICA).iter_solve(axis=2), steps.append)
    once = effective_conductivity(volume, SILICA, axis=2)
    assert result.value == once.value
    np.testing.assert_array_equal(result.field, once.field)
    assert [step.iteration for step in steps] == list(range(result.n_iterations + 1))
    assert {step.axis for step in steps} == {2}
    assert steps[-1].residual <= 1e-4 < steps[-2].residual
    fractions = [step.fraction for step in steps]
    assert fractions[0] == 0
    assert fractions[-1] == 1


def test_iterator_can_be_stopped(blobs):
    iterator = ConductivityProblem(blobs((16, 16, 16), 0.3), SILICA).iter_solve()
    next(iterator)
    iterator.close()
    assert list(iterator) == []


# Failures


def test_no_path_is_an_error_that_says_so(layers):
    volume = layers([1, 1, 0, 1])
    with pytest.raises(physics.NotPercolatingError, match="along axis 0: No path of face-connected voxels"):
        effective_conductivity(volume, {0: 0.0, 1: 1.0}, axis=0)
    assert effective_conductivity(volume, {0: 0.0, 1: 1.0}, axis=1).value == pytest.approx(0.75)


def test_no_path_as_an_outcome(layers):
    result = effective_conductivity(layers([1, 1, 0, 1]), {0: 0.0, 1: 1.0}, axis=0, options=SolverOptions(throw=False))
    assert result.outcome is physics.Outcome.NOT_PERCOLATING
    assert "larger volume or porosity" in result.outcome.advice
    assert not result.converged
    assert result.value == 0
    assert np.isnan(result.residual)
    assert np.isnan(result.field).all()
    assert not result.flux.any()


def test_temperature_is_unknown_in_an_insulator(blobs):
    volume = blobs((16, 16, 16), 0.4)
    result = effective_conductivity(volume, {0: 1.0, 1: 0.0}, axis=0)
    np.testing.assert_array_equal(np.isnan(result.field), volume == 1)
    assert not result.flux[:, volume == 1].any()
    assert 0 < result.value < result.bounds.hashin_shtrikman.upper


def test_too_few_iterations(blobs):
    volume = blobs((16, 16, 16), 0.3)
    with pytest.raises(physics.NotConvergedError, match=r"residual .* after 2 iterations.* Raise max_iterations"):
        effective_conductivity(volume, SILICA, options=SolverOptions(max_iterations=2))
    result = effective_conductivity(volume, SILICA, options=SolverOptions(max_iterations=2, throw=False))
    assert result.outcome is physics.Outcome.MAX_ITERATIONS
    assert result.n_iterations == 2
    assert result.residual > 1e-4
    assert result.value == pytest.approx(effective_conductivity(volume, SILICA).value, rel=0.1)


def test_rounding_is_distinguished_from_convergence(blobs):
    volume = blobs((16, 16, 16), 0.3)
    result = effective_conductivity(
        volume, SILICA, options=SolverOptions(tolerance=1e-9, precision="float32", throw=False)
    )
    assert result.outcome is physics.Outcome.PRECISION_LIMIT
    assert "float64" in result.outcome.advice
    assert result.residual > 1e-9


@pytest.mark.parametrize(
    ("volume", "options", "message"),
    [
        (np.zeros((4, 4, 4), int), {"axis": 3}, "axis must be one of 0, 1, 2, got 3"),
        (np.zeros((4, 4), int), {"axis": 2}, "axis must be one of 0, 1, got 2"),
        (np.zeros(4, int), {}, "volume must be 2-D or 3-D"),
        (np.zeros((4, 4, 4), int), {"boundary": "puma"}, "boundary must be one of 'face', 'voxel', got 'puma'"),
        (np.zeros((2, 4, 4), int), {"boundary": "voxel"}, "needs at least 3 voxels along axis 0, got 2"),
        (np.arange(64).reshape(4, 4, 4) % 3, {}, "got none for phase 2; add it to the mapping"),
    ],
)
def test_refusals(volume, options, message):
    with pytest.raises(ValueError, match=message):
        effective_conductivity(volume, SILICA, **options)


def test_the_problem_refuses_at_the_call_and_not_at_the_first_step():
    problem = ConductivityProblem(np.zeros((4, 4, 4), int), SILICA)
    with pytest.raises(ValueError, match="axis must be one of 0, 1, 2"):
        problem.iter_solve(3)
    with pytest.raises(ValueError, match="method must be None for conduction, got 'lbm'"):
        problem.iter_solve(options=SolverOptions(method="lbm"))


@pytest.mark.parametrize("value", [-1.0, np.nan, np.inf, "1"])
def test_refuses_a_conductivity_that_is_none(value):
    with pytest.raises(ValueError, match="conductivity of phase 0 must lie in"):
        effective_conductivity(np.zeros((4, 4, 4), int), {0: value})


def test_refuses_grey_values():
    with pytest.raises(TypeError, match="segment the image first"):
        effective_conductivity(np.full((4, 4, 4), 0.5), SILICA)
    with pytest.raises(ValueError, match="got 64 values from 0 to 63, which look like numbers of objects"):
        effective_conductivity(np.arange(64).reshape(4, 4, 4), SILICA)
