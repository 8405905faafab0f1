from .noise import NoiseField as NoiseField
from .windows import Block as Block
from .windows import Window as Window
