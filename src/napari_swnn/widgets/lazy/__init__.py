"""Lazy layers, of which the part in view is computed, and boxes of them.

May import: `kit`, `layers`.
"""
