"""Dock widgets for napari."""
