"""Mapping from noise to grey volumes: a cascade of networks as in the paper (Eq. 12-15).

May import: `numerics`, `grid`.
"""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
