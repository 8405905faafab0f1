"""Training of a cascade on a reference, from the validated plan to the calibrated model (Eq. 19-22).

May import: every other package of `core` except `volume`.
"""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
