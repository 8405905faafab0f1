"""Modules that read and watch layers of the viewer and add results as layers.

May import `kit`.
"""
