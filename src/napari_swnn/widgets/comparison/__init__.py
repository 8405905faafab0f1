"""The panel *SWNN compare*: comparison of volumes with their reference.

May import: `kit`, `layers`, `lazy`.
"""
