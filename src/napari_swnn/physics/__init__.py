"""Physics of a segmented volume: conductivity, tortuosity factor, permeability, and bounds.

A solver takes the segmented volume first and everything else by keyword, and returns a frozen result that says what
happened: the value with its unit, the fields behind it, the residual, the iterations and the outcome. It raises an
error that says what to do if it did not converge or if nothing leads through the volume; with ``throw=False`` it
returns that outcome instead. Each solver has an ``iter_`` form, a generator of `SolverStep` whose return value is the
result, for whoever wants to show the progress or stop half-way.

=========================== ========================================================================================
`effective_conductivity`    heat, charge or solute through any number of phases; one axis or the full tensor
`tortuosity_factor`         τ = φ·D0/D_eff of one phase
`permeability`              slow viscous flow through one phase; one axis or the full tensor
`streamlines`               ways along a velocity or flux field
`wiener_bounds`             what layers along and across the flux conduct
`hashin_shtrikman_bounds`   what isotropic materials conduct at most and at least
=========================== ========================================================================================

Axes are in the order (z, y, x). Opposite sides of a volume are joined. The solvers run on a CUDA card through torch if
there is one, else with NumPy and SciPy; importing this package loads no torch.
"""

from napari_swnn.physics._outcome import NotConvergedError, NotPercolatingError, Outcome, PhysicsError
from napari_swnn.physics.bounds import (
    Bounds,
    ConductivityBounds,
    conductivity_bounds,
    hashin_shtrikman_bounds,
    wiener_bounds,
)
from napari_swnn.physics.conduction import ConductivityTensor, effective_conductivity, iter_effective_conductivity
from napari_swnn.physics.flow import PermeabilityTensor, iter_permeability, permeability
from napari_swnn.physics.results import (
    ConductivityResult,
    PermeabilityResult,
    SolverStep,
    TensorResult,
    TortuosityResult,
)
from napari_swnn.physics.streamlines import FlowLine, streamlines
from napari_swnn.physics.tortuosity import iter_tortuosity_factor, tortuosity_factor

__all__ = [
    "Bounds",
    "ConductivityBounds",
    "ConductivityResult",
    "ConductivityTensor",
    "FlowLine",
    "NotConvergedError",
    "NotPercolatingError",
    "Outcome",
    "PermeabilityResult",
    "PermeabilityTensor",
    "PhysicsError",
    "SolverStep",
    "TensorResult",
    "TortuosityResult",
    "conductivity_bounds",
    "effective_conductivity",
    "hashin_shtrikman_bounds",
    "iter_effective_conductivity",
    "iter_permeability",
    "iter_tortuosity_factor",
    "permeability",
    "streamlines",
    "tortuosity_factor",
    "wiener_bounds",
]
