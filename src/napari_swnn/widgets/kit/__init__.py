"""Building blocks of the panels: controls, forms, docks, threads and messages.

May import: Qt and napari; nothing of the other packages of `widgets`.
"""
