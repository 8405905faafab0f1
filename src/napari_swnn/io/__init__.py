"""Reading and writing of volumes and images."""

from napari_swnn.io.images import read_image, read_labels
from napari_swnn.io.ome_zarr import OmeZarr, is_ome_zarr, open_ome_zarr
from napari_swnn.io.stored_image import StoredImage
from napari_swnn.io.tiff import check_tiff_labels, write_tiff
from napari_swnn.io.volumes import open_volumes

__all__ = [
    "OmeZarr",
    "StoredImage",
    "check_tiff_labels",
    "is_ome_zarr",
    "open_ome_zarr",
    "open_volumes",
    "read_image",
    "read_labels",
    "write_tiff",
]
