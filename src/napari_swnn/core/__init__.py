"""Reconstruction method: training a model on a reference, and generating volumes with it.

`loss` and `network` build on `descriptor`, `numerics` and `grid`. `training` produces a `Model` and `volume` evaluates
it, independently of each other. No module here imports napari, Qt or matplotlib.
"""
