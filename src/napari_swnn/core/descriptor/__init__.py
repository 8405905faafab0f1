"""Local patterns of the reference and their resampling to a target porosity (Eq. 7-11).

May import: `numerics`, `grid` and the statistics package.
"""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
