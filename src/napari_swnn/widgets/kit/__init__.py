"""Building blocks of the panels: controls, forms, docks, threads and messages.

May import Qt and napari, but no other package of `widgets`.
"""
