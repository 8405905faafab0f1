"""Panels of the napari plugin, one package each, and the modules they share.

`reconstruction`, `comparison` and `properties` import `kit`, `layers` and `lazy`, but never one another.
"""
