"""Layers of volumes that are computed where they are looked at.

May import: `kit`, `layers`.
"""
