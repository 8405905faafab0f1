"""The panel *SWNN compose*: structures of several models in the regions of a global structure.

May import: `kit`, `layers`, `lazy`.
"""
