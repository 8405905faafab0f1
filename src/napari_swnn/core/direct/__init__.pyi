from .run import OptimisationStep as OptimisationStep
from .run import iter_optimisation as iter_optimisation
from .run import optimise as optimise
