from .model import Model as Model
from .model import PhaseLabels as PhaseLabels
