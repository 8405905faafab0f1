"""The panel *SWNN properties*: conductivity, tortuosity and permeability of volumes.

May import: `kit`, `layers`, `lazy`.
"""
