"""Material constants of the paper (sect. 4): silica with air in its pores."""

PORE_CONDUCTIVITY, SOLID_CONDUCTIVITY = 0.026, 1.4
"""Conductivities of air and of silica, in W/(m·K)."""
