"""Conditioning of a model on known voxels: its volumes then pass through measured sections.

May import: every other room of `core` but `training`.
"""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
