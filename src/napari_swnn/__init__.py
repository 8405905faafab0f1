"""3-D microstructures of a chosen porosity from one segmented 2-D micrograph.

Public names are resolved on first use: importing the package or discovering the plugin in napari does not load torch,
napari or Qt.
"""

from importlib.metadata import version as _version

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
__version__ = _version("napari-swnn")
