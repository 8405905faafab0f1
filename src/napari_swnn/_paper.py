"""Material constants from sect. 4 of the paper: silica with air-filled pores."""

PORE_CONDUCTIVITY, SOLID_CONDUCTIVITY = 0.026, 1.4
"""Thermal conductivities of air and silica, in W/(m·K)."""
