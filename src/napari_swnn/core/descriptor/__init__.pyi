from .patterns import extract_patterns as extract_patterns
from .reference import Reference as Reference
from .resampling import TargetFamily as TargetFamily
