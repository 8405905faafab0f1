"""Memory is checked before a solve, and the amounts follow the volume and the solver."""

import sys
from types import SimpleNamespace

import numpy as np
import pytest

from napari_swnn.physics import ConductivityProblem, PermeabilityProblem, SolverOptions, TortuosityProblem
from napari_swnn.physics.memory import estimate_memory

VOLUME = np.indices((32, 32, 32)).sum(0) % 4 // 2
CREATE = {
    "conductivity": lambda: ConductivityProblem(VOLUME, {0: 1.0, 1: 2.0}),
    "diffusion": lambda: TortuosityProblem(VOLUME, 1),
    "permeability": lambda: PermeabilityProblem(VOLUME, 1),
}


@pytest.fixture
def leave_free(monkeypatch):
    """Return a function that sets the free memory of this machine, without a GPU."""
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)

    def leave(per_voxel):
        memory = SimpleNamespace(available=per_voxel * VOLUME.size)
        monkeypatch.setattr("psutil.virtual_memory", lambda: memory)

    return leave


@pytest.mark.parametrize(("create", "least"), list(zip(CREATE.values(), (35, 35, 150), strict=True)), ids=CREATE.keys())
def test_problem_without_memory_for_any_solve_is_refused_when_it_is_created(create, least, leave_free):
    leave_free(least - 5)
    with pytest.raises(ValueError, match=r"needs about \d+ [KM]iB of \d+ [KM]iB free; crop the volume, or bin"):
        create()
    leave_free(least + 5)
    create()


@pytest.mark.parametrize(("create", "per_voxel"), [(CREATE["conductivity"], 50), (CREATE["permeability"], 200)])
def test_solve_that_does_not_fit_is_refused_at_the_call(create, per_voxel, leave_free):
    leave_free(per_voxel)
    problem = create()
    options = SolverOptions(device="cpu")
    with pytest.raises(ValueError, match="small enough for the free memory"):
        problem.iter_solve(0, options)
    with pytest.raises(ValueError, match="small enough for the free memory"):
        problem.iter_tensor(options)
    next(problem.iter_solve(0, SolverOptions(device="cpu", precision="float32")))


def test_memory_is_proportional_to_the_volume_and_doubled_only_for_a_mirrored_lattice():
    whole, half = (estimate_memory(shape, "stokes") for shape in ((64, 64, 64), (32, 64, 64)))
    assert whole == 2 * half
    assert estimate_memory((64, 64, 64), "stokes", mirrored=True) == whole
    lattice = estimate_memory((64, 64, 64), "lbm")
    assert estimate_memory((64, 64, 64), "lbm", mirrored=True) == 2 * lattice
    assert estimate_memory((10**6,) * 3, "lbm") == 280 * 10**18


def test_gpu_needs_memory_of_this_machine_for_the_result_only():
    assert estimate_memory((64, 64, 64), "stokes", device="cuda") < estimate_memory((64, 64, 64), "stokes") / 3


def test_whole_floats_are_labels():
    assert ConductivityProblem(VOLUME * 255.0, {0: 1.0, 255: 2.0}).shape == VOLUME.shape


def test_phase_that_a_mask_lacks_is_refused_with_the_labels_that_exist():
    with pytest.raises(ValueError, match=r"phase must be one of the values of volume \(0, 255\), got 1"):
        TortuosityProblem(VOLUME * 255, 1)
    with pytest.raises(ValueError, match=r"phase must be one of the values of volume \(0, 255\), got 1"):
        PermeabilityProblem(VOLUME * 255, 1)


@pytest.mark.parametrize("create", CREATE.values(), ids=CREATE)
def test_memory_is_checked_before_the_volume_is_read(create, monkeypatch, leave_free):
    class Stored:
        shape = (100, 100, 100)

        def __array__(self, *_, **__):
            raise AssertionError("the volume was read")

    leave_free(100)
    monkeypatch.setattr(sys.modules[__name__], "VOLUME", Stored())
    with pytest.raises(ValueError, match=r"small enough for the free memory, got shape \(100, 100, 100\)"):
        create()


@pytest.mark.parametrize("phase", [True, 1.0, np.uint8(1)])
@pytest.mark.parametrize("problem", [TortuosityProblem, PermeabilityProblem])
def test_a_phase_may_have_the_type_of_the_values_of_an_image(problem, phase):
    assert problem(VOLUME, phase).iter_solve is not None
