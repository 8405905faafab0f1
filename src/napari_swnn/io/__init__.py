"""Volumes and images on disk."""

from napari_swnn.io.images import read_labels
from napari_swnn.io.tiff import check_tiff_labels, write_tiff

__all__ = ["check_tiff_labels", "read_labels", "write_tiff"]
