"""Devices, precision, determinism and fast convolutions, independent of microstructures.

May import: nothing from `core`.
"""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
