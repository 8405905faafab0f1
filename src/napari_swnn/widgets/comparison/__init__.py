"""The panel *SWNN compare*: volumes beside the reference.

May import: `kit`, `layers`, `lazy`.
"""
