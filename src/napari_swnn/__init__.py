"""3-D microstructures of a chosen porosity from one segmented 2-D micrograph.

The public names are resolved when they are first used, so that importing the package, and discovering the plugin in
napari, loads neither torch nor napari nor Qt.
"""

from importlib.metadata import version as _version

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
__version__ = _version("napari-swnn")
