"""Long runs: volumes written to disk, resumed, on clusters, and ensembles of realisations.

May import: `core`, `validation`, `io`.
"""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
