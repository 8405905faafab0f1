"""The reconstruction method: from a reference to a trained model, and from a model to a volume.

`descriptor`, `numerics` and `grid` serve `loss` and `network`; `training` makes a `Model`, `volume` evaluates one, and
neither knows the other. Nothing here imports napari, Qt or matplotlib.
"""
