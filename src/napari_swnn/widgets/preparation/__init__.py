"""The panel *SWNN prepare*: preparation of a reference from a raw micrograph.

May import: `kit`, `layers`.
"""
