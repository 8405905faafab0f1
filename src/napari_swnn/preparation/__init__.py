"""Preparation: from a raw micrograph to labels, step by step, with a recipe that replays on further images.

A recipe is a sequence of steps. Steps on grey values come first (`Crop`, `FlattenBackground`, `Denoise`), one step
segments (`Threshold` or `SegmentScribbles`), and steps on labels follow (`RemoveSpecks`, `FillHoles`, `Smooth`). Images
are sections ``(y, x)`` or stacks of sections ``(z, y, x)``; each section of a stack is treated as an image of its own,
but thresholds are found from all sections together. Large images are treated in tiles, with the same result.

May import: `core`, `statistics`.
"""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
