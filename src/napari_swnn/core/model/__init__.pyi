from .labels import PhaseLabels as PhaseLabels
from .model import Model as Model
