"""Fit a cascade to a reference, from the checked plan to the calibrated model (Eq. 19-22).

May import: every other room of `core` but `volume`.
"""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
