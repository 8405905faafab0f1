"""Reading layers of the viewer, watching them, and adding results as layers.

May import: `kit`.
"""
