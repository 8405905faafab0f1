"""Trained model, its file format and its segmentation threshold.

May import: `descriptor`, `network`.
"""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
