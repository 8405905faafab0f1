"""Training loss: sliced Wasserstein distance between sections and target patterns, and further terms (Eq. 16-20).

May import: `descriptor`, `numerics`.
"""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
