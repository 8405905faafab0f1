"""The properties that can be computed, and what each of them needs and is called."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """One property.

    Attributes
    ----------
    key, title : str
        In the program, and for the user.
    needs : frozenset of str
        Keys of the rows of the form that it has beyond those that all have.
    ends : tuple of (str, str)
        What can be assumed at the ends of the volume: value and words, the default first.
    nothing : str
        What follows where no path leads through, to end a sentence with.
    potential, flow : str
        What the fields are called; those of a conduction follow from the unit instead.
    """

    key: str
    title: str
    needs: frozenset[str]
    ends: tuple[tuple[str, str], ...]
    nothing: str
    potential: str = ""
    flow: str = ""


_FIXED = (("face", "fixed on the outer faces"), ("voxel", "fixed in the end voxels (PuMA)"))

CONDUCTIVITY = Kind(
    "conductivity",
    "Effective conductivity",
    frozenset({"conductivities", "unit"}),
    _FIXED,
    "the conductivity is 0",
)
DIFFUSION = Kind(
    "diffusion",
    "Diffusivity and tortuosity",
    frozenset({"phase"}),
    _FIXED,
    "the effective diffusivity is 0 and the tortuosity infinite",
    "concentration",
    "diffusive flux",
)
PERMEABILITY = Kind(
    "permeability",
    "Permeability",
    frozenset({"phase", "method"}),
    (("mirror", "mirrored along the flow"), ("periodic", "repeated as it is")),
    "the permeability is 0",
    "pressure",
    "velocity",
)
KINDS = (CONDUCTIVITY, DIFFUSION, PERMEABILITY)

METHODS = (("stokes", "Stokes, finite differences"), ("lbm", "lattice Boltzmann (slow, a check)"))

UNITS = {
    "W/(m·K)": ("temperature", "heat flux", "W/m² at 1 K/m"),
    "S/m": ("potential", "current density", "A/m² at 1 V/m"),
    "m²/s": ("concentration", "flux", "at a unit gradient"),
}
"""For each unit of a conductivity: what is conducted, its flux, and the flux's unit."""

MOST_PHASES = 8
"""Labels that are taken for phases; more are an instance segmentation."""

_BYTES = {
    ("conductivity", "float64"): 160,
    ("conductivity", "float32"): 120,
    ("stokes", "float64"): 230,
    ("stokes", "float32"): 150,
    ("lbm", "float64"): 280,
    ("lbm", "float32"): 230,
}
"""Memory for each voxel that is solved for, fields and lines included, measured on 128³ voxels."""

LEAST = min(_BYTES.values())
"""What any run needs for each voxel."""


def field_names(kind: Kind, conductivity_unit: str) -> tuple[str, str]:
    """What the potential and the flow of a property are called; those of a conduction follow from its unit."""
    return UNITS[conductivity_unit][:2] if kind is CONDUCTIVITY else (kind.potential, kind.flow)


def bytes_for_voxel(kind: Kind, *, method: str, ends: str, dtype: str) -> int:
    """Memory that a run needs for each voxel of the layer."""
    solver = method if kind is PERMEABILITY else "conductivity"
    doubled = ends == "mirror" and solver == "lbm"  # the other solvers make do with half of the mirrored volume
    return _BYTES[solver, dtype] * (2 if doubled else 1)
