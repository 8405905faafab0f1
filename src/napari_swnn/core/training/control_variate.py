"""Control variate: a mean of few samples, corrected by a correlated quantity whose expected value is known."""

import numpy as np

from napari_swnn._types import FloatArray


def mean_at(expected: float, values: FloatArray, correlated: FloatArray) -> tuple[float, FloatArray]:
    """Return the mean of samples that a linear regression predicts at the expected value of a correlated quantity.

    Parameters
    ----------
    expected : float
        Expected value of the correlated quantity.
    values, correlated : numpy.ndarray
        ``(n,)`` samples, and the correlated quantity of each.

    Returns
    -------
    mean : float
        Predicted mean.
    residuals : numpy.ndarray
        ``(n,)`` deviations of the samples from the regression.
    """
    deviations = correlated - correlated.mean()
    spread = float(deviations @ deviations)
    slope = float(deviations @ values) / spread if spread > 0 else 0.0
    residuals: FloatArray = values - values.mean() - slope * deviations
    return float(values.mean() - slope * (correlated.mean() - expected)), residuals


def standard_error(residuals: FloatArray) -> float:
    """Return the standard error of the predicted mean, from three or more residuals of the regression."""
    return float(np.sqrt(residuals @ residuals / (len(residuals) - 2) / len(residuals)))
