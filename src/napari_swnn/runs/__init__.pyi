from .ensemble_summary import Ensemble as Ensemble
from .ensemble_summary import Member as Member
from .ensemble_summary import Statistic as Statistic
from .ensembles import EnsembleStep as EnsembleStep
from .ensembles import ensemble as ensemble
from .ensembles import iter_ensemble as iter_ensemble
from .generation import generate as generate
from .generation import iter_generation as iter_generation
