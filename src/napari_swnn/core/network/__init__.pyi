from .config import NetworkConfig as NetworkConfig
from .config import StageConfig as StageConfig
from .stage import Stage as Stage
