"""Entry point of ``python -m napari_swnn``."""

import sys

from napari_swnn.cli import main

if __name__ == "__main__":
    sys.exit(main())
