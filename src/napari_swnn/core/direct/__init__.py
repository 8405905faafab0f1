"""Direct optimisation of a small volume against the loss of training, without a network.

May import: every other room of `core` but `volume` and `conditioning`.
"""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
