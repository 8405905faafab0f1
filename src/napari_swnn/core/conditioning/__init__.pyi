from .cost import ConstraintEstimate as ConstraintEstimate
from .cost import estimate_constraint as estimate_constraint
from .run import ConstraintSpec as ConstraintSpec
from .run import ConstraintStep as ConstraintStep
from .run import constrain as constrain
from .run import iter_constrain as iter_constrain
