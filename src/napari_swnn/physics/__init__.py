"""Physics of a segmented volume: conductivity, tortuosity factor, permeability, and bounds.

=========================== ========================================================================================
`effective_conductivity`    heat, charge or solute through any number of phases; one axis or the full tensor
`tortuosity_factor`         τ = φ·D0/D_eff of one phase
`permeability`              slow viscous flow through one phase; one axis or the full tensor
`streamlines`               lines along a velocity or flux field
`wiener_bounds`             conductivity of laminates along and across the flux
`hashin_shtrikman_bounds`   extreme conductivities of isotropic materials
=========================== ========================================================================================

Each solver takes the segmented volume first, most other arguments by keyword, and numerical settings as
`SolverOptions`. It returns a frozen result with the value and its unit, the fields, the residual, the number of
iterations and the outcome. If the solve does not converge or nothing percolates, it raises an error with advice; with
``SolverOptions(throw=False)`` it returns the result with that outcome instead. To show progress or to stop a
solve, iterate over ``iter_solve`` of `ConductivityProblem`, `TortuosityProblem` or `PermeabilityProblem`: it yields a
`SolverStep` at each iteration and returns the result.

Axes are in the order (z, y, x). The sides of a volume are periodic. The solvers run on a CUDA GPU through torch if
available, otherwise on the CPU with NumPy and SciPy; importing this package does not load torch. It may import the
checks and types of napari-swnn; `validation` and the panels import it.
"""

from napari_swnn.physics.bounds import (
    Bounds,
    ConductivityBounds,
    conductivity_bounds,
    hashin_shtrikman_bounds,
    wiener_bounds,
)
from napari_swnn.physics.conductivity import ConductivityProblem, ConductivityTensor, effective_conductivity
from napari_swnn.physics.errors import NotConvergedError, NotPercolatingError, PhysicsError
from napari_swnn.physics.options import SolverOptions
from napari_swnn.physics.outcome import Outcome
from napari_swnn.physics.permeability import PermeabilityProblem, PermeabilityTensor, permeability
from napari_swnn.physics.results import (
    ConductivityResult,
    PermeabilityResult,
    SolverStep,
    TensorResult,
    TortuosityResult,
)
from napari_swnn.physics.streamlines import Streamline, streamlines
from napari_swnn.physics.tortuosity import TortuosityProblem, tortuosity_factor

__all__ = [
    "Bounds",
    "ConductivityBounds",
    "ConductivityProblem",
    "ConductivityResult",
    "ConductivityTensor",
    "NotConvergedError",
    "NotPercolatingError",
    "Outcome",
    "PermeabilityProblem",
    "PermeabilityResult",
    "PermeabilityTensor",
    "PhysicsError",
    "SolverOptions",
    "SolverStep",
    "Streamline",
    "TensorResult",
    "TortuosityProblem",
    "TortuosityResult",
    "conductivity_bounds",
    "effective_conductivity",
    "hashin_shtrikman_bounds",
    "permeability",
    "streamlines",
    "tortuosity_factor",
    "wiener_bounds",
]
