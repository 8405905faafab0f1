"""Reading and writing of volumes and images."""

from napari_swnn.io.export.surface import PhaseSurface, phase_surface, save_surface
from napari_swnn.io.export.volume import save_volume
from napari_swnn.io.images import read_image, read_labels, read_sections, read_voxel_sides
from napari_swnn.io.ome_zarr_image import OmeZarr, is_ome_zarr, open_ome_zarr
from napari_swnn.io.phase_names import read_phase_names
from napari_swnn.io.stored_image import StoredImage
from napari_swnn.io.tiff import check_tiff_labels, write_tiff
from napari_swnn.io.verification import iter_verify, verify
from napari_swnn.io.volumes import VolumeSet, open_volume_set, open_volumes

__all__ = [
    "OmeZarr",
    "PhaseSurface",
    "StoredImage",
    "VolumeSet",
    "check_tiff_labels",
    "is_ome_zarr",
    "iter_verify",
    "open_ome_zarr",
    "open_volume_set",
    "open_volumes",
    "phase_surface",
    "read_image",
    "read_labels",
    "read_phase_names",
    "read_sections",
    "read_voxel_sides",
    "save_surface",
    "save_volume",
    "verify",
    "write_tiff",
]
