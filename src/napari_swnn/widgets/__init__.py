"""The panels of the napari plugin: one package for each, and the kits they share.

`reconstruction`, `comparison` and `properties` import `kit`, `layers` and `lazy`, never one another.
"""
