"""Volumes and images on disk."""

from napari_swnn.io.images import read_labels
from napari_swnn.io.tiff import write_tiff

__all__ = ["read_labels", "write_tiff"]
