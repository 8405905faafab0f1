from .patterns import extract_patterns as extract_patterns
from .reference import Reference as Reference
from .reference import ReferenceWarning as ReferenceWarning
from .resampling import TargetFamily as TargetFamily
