"""Statistics of microstructures: 2-D and 3-D, any number of phases, numpy or dask.

Every function takes one array of labels first and everything else by keyword, looks at one `phase` of it, and returns a
frozen result. Distances run from voxel centre to voxel centre, in voxels unless a `voxel_size` is given.

================================  =================================================================================
`volume_fraction`                 one-point statistic; of all phases, or plane by plane
`two_point_correlation`           S2 along each axis; `two_point_map` for all displacements; `autocovariance`
`correlation_length`              integral of the autocovariance, or its first zero
`lineal_path`                     L(z)
`chord_lengths`                   distribution of chords along each axis
`specific_surface_from_slope`     from S2; `specific_surface_from_mesh` from marching cubes
`two_point_cluster`               C2
`pore_size_distribution`          maximal inscribed spheres; `local_diameter` as an image
`percolation`                     spanning clusters and the connected fraction
`euler_number`                    components less tunnels plus cavities
`volume_fraction_interval`        what one image can say about the volume fraction of its material
`pool`                            one curve from several sections
================================  =================================================================================

All of them go through the array block by block and need little memory besides it: clusters are joined where slabs meet,
and spheres are looked for in slabs as thick as the largest of them.
"""

from napari_swnn.statistics._curves import Curve, pool
from napari_swnn.statistics.chords import ChordLengths, chord_lengths
from napari_swnn.statistics.cluster import two_point_cluster
from napari_swnn.statistics.correlation_length import CorrelationLength, correlation_length
from napari_swnn.statistics.euler import EulerNumber, euler_number
from napari_swnn.statistics.lineal_path import lineal_path
from napari_swnn.statistics.percolation import Percolation, percolation
from napari_swnn.statistics.pore_size import PoreSizes, local_diameter, pore_size_distribution
from napari_swnn.statistics.representativity import FractionInterval, volume_fraction_interval
from napari_swnn.statistics.surface import SpecificSurface, specific_surface_from_mesh, specific_surface_from_slope
from napari_swnn.statistics.two_point import TwoPointMap, autocovariance, two_point_correlation, two_point_map
from napari_swnn.statistics.volume_fraction import volume_fraction, volume_fraction_profile, volume_fractions

__all__ = [
    "ChordLengths",
    "CorrelationLength",
    "Curve",
    "EulerNumber",
    "FractionInterval",
    "Percolation",
    "PoreSizes",
    "SpecificSurface",
    "TwoPointMap",
    "autocovariance",
    "chord_lengths",
    "correlation_length",
    "euler_number",
    "lineal_path",
    "local_diameter",
    "percolation",
    "pool",
    "pore_size_distribution",
    "specific_surface_from_mesh",
    "specific_surface_from_slope",
    "two_point_cluster",
    "two_point_correlation",
    "two_point_map",
    "volume_fraction",
    "volume_fraction_interval",
    "volume_fraction_profile",
    "volume_fractions",
]
