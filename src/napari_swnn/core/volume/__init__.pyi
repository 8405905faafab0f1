from .generation import GenerationStep as GenerationStep
from .generation import generate_lazy as generate_lazy
from .noise_gradient import NoiseGradient as NoiseGradient
from .porosity_map import PorosityMap as PorosityMap
from .spatial_mask import SpatialMask as SpatialMask
from .virtual_volume import VirtualVolume as VirtualVolume
