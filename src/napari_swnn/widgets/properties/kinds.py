"""Available properties, with their names and options."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """Description of a property.

    Attributes
    ----------
    key, title : str
        Name in files, and name shown to the user.
    rows : frozenset of str
        Keys of the form rows that are specific to the property.
    boundaries : tuple of (str, str)
        Values and descriptions of the boundary conditions along the axis, starting with the default.
    if_not_percolating : str
        Result for a phase that does not percolate, as the end of a sentence.
    potential, flow : str
        Names of the fields; empty for conduction, where they depend on the unit.
    """

    key: str
    title: str
    rows: frozenset[str]
    boundaries: tuple[tuple[str, str], ...]
    if_not_percolating: str
    potential: str = ""
    flow: str = ""


_FIXED = (("face", "fixed at the outer faces"), ("voxel", "fixed at the end voxels (PuMA)"))

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
    (("mirror", "mirrored along the flow"), ("periodic", "periodic along the flow")),
    "the permeability is 0",
    "pressure",
    "velocity",
)
KINDS = (CONDUCTIVITY, DIFFUSION, PERMEABILITY)

METHODS = (("stokes", "finite differences (Stokes)"), ("lbm", "lattice Boltzmann (slow, for verification)"))

UNITS = {
    "W/(m·K)": ("temperature", "heat flux", "W/m² at 1 K/m"),
    "S/m": ("potential", "current density", "A/m² at 1 V/m"),
    "m²/s": ("concentration", "flux", "at a unit gradient"),
}
"""Name of the potential, name of the flux and unit of the flux, for each unit of the conductivities."""


def name_fields(kind: Kind, conductivity_unit: str) -> tuple[str, str]:
    """Return the names of the potential of a property and of its flux (or velocity)."""
    return UNITS[conductivity_unit][:2] if kind is CONDUCTIVITY else (kind.potential, kind.flow)
