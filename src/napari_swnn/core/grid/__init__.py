"""Functions of position: windows in global coordinates, the noise field, and sampled fields.

May import: nothing from `core`.
"""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
