"""Statistics of microstructures: 2-D and 3-D, any number of phases, numpy or dask.

Each statistic takes an array of labels first and all other arguments by keyword, measures one `phase` or several, and
returns a frozen result. Distances are measured between voxel centres, in voxels unless `voxel_size` is set.

================================  =================================================================================
`volume_fraction`                 one-point statistic; `volume_fractions` of all phases
`two_point_correlation`           S2 along each axis; `two_point_map` for all displacements
`autocovariance`                  S2 - φ²; `normalised_autocovariance`, and `normalise_two_point` for pooled curves
`cross_correlation`               S2_ij between two phases; `cross_correlations` of all pairs
`correlation_length`              integral of the autocovariance up to its first zero, and that zero
`lineal_path`                     lineal-path function L(z)
`chord_lengths`                   distribution of chords along each axis
`specific_surface_from_slope`     from S2; `specific_surface_from_mesh` from marching cubes
`interface_areas`                 interface area of each pair of phases, by the slope of S2_ij
`triple_phase_boundary`           length of the lines in which three phases meet, by stereology;
                                  `active_triple_phase_boundary` of percolating phases only
`two_point_cluster`               two-point cluster function C2
`pore_size_distribution`          maximal inscribed spheres; `local_diameter` of each voxel
`percolation`                     spanning clusters and the connected fraction
`euler_number`                    components minus tunnels plus cavities
`volume_fraction_interval`        confidence interval of a material's volume fraction from one image; `phase_fractions`
`pool`                            one curve from several sections
================================  =================================================================================

All statistics read the array block by block and need little additional memory: clusters are merged across slabs, and
the thickness of slabs is adapted to the largest inscribed sphere.

These modules depend only on arrays; `napari_swnn.core`, `napari_swnn.validation` and the panels may import them.
"""

from napari_swnn.statistics._curves import Curve, pool
from napari_swnn.statistics.active_boundary import ActiveBoundary, active_triple_phase_boundary
from napari_swnn.statistics.chords import ChordLengths, chord_lengths
from napari_swnn.statistics.correlation_length import CorrelationLength, correlation_length, correlation_length_of_curve
from napari_swnn.statistics.cross_correlation import cross_correlation, cross_correlations
from napari_swnn.statistics.euler import EulerNumber, euler_number
from napari_swnn.statistics.interface_area import InterfaceAreas, interface_areas
from napari_swnn.statistics.lineal_path import lineal_path
from napari_swnn.statistics.percolation import Percolation, percolation
from napari_swnn.statistics.phase_fractions import phase_fractions
from napari_swnn.statistics.pore_size import PoreSizes, local_diameter, pore_size_distribution
from napari_swnn.statistics.representativity import FractionInterval, volume_fraction_interval
from napari_swnn.statistics.surface import SpecificSurface, specific_surface_from_mesh, specific_surface_from_slope
from napari_swnn.statistics.triple_phase_boundary import TriplePhaseBoundary, triple_phase_boundary
from napari_swnn.statistics.two_point import (
    TwoPointMap,
    autocovariance,
    normalise_two_point,
    normalised_autocovariance,
    two_point_correlation,
    two_point_map,
)
from napari_swnn.statistics.two_point_cluster import two_point_cluster
from napari_swnn.statistics.volume_fraction import volume_fraction, volume_fraction_profile, volume_fractions

__all__ = [
    "ActiveBoundary",
    "ChordLengths",
    "CorrelationLength",
    "Curve",
    "EulerNumber",
    "FractionInterval",
    "InterfaceAreas",
    "Percolation",
    "PoreSizes",
    "SpecificSurface",
    "TriplePhaseBoundary",
    "TwoPointMap",
    "active_triple_phase_boundary",
    "autocovariance",
    "chord_lengths",
    "correlation_length",
    "correlation_length_of_curve",
    "cross_correlation",
    "cross_correlations",
    "euler_number",
    "interface_areas",
    "lineal_path",
    "local_diameter",
    "normalise_two_point",
    "normalised_autocovariance",
    "percolation",
    "phase_fractions",
    "pool",
    "pore_size_distribution",
    "specific_surface_from_mesh",
    "specific_surface_from_slope",
    "triple_phase_boundary",
    "two_point_cluster",
    "two_point_correlation",
    "two_point_map",
    "volume_fraction",
    "volume_fraction_interval",
    "volume_fraction_profile",
    "volume_fractions",
]
