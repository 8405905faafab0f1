"""The panel *SWNN reconstruction*: from a section to a model and its volumes.

May import: `kit`, `layers`, `lazy`.
"""
