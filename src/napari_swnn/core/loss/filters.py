"""Gram matrices of the features of a convolutional network with fixed filters, and the layout of VGG-19.

A Gram matrix has the mean product of each pair of features over the positions of an image (Gatys, Ecker and Bethge
2015). Bostanabad (2020) applied them to the sections of a microstructure.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from napari_swnn._types import FloatArray, Shape
from napari_swnn.core.numerics.device import convolutions_in, training_precision

VGG_WIDTHS = (64, 64, 128, 128, 256, 256, 256, 256, 512, 512, 512, 512, 512, 512, 512, 512)
"""Number of filters of each convolution of VGG-19 (Simonyan and Zisserman 2015)."""
_LAST_OF_LEVEL = (2, 4, 8, 12, 16)
"""Convolutions after which a Gram matrix is taken and the image is halved: conv1_2, 2_2, 3_4, 4_4 and 5_4."""
_LEAST_SIDE = 32
"""Side of an image below which it is repeated, so that the deepest features have a few positions."""
_WHITE = 255.0
"""Value of a pixel inside the phase; natural images run from 0 to 255."""


class FilterNetwork:
    """Convolutional network with fixed filters, whose features describe the texture of an image.

    Convolutions are periodic, so that features do not depend on the position of the image; levels are halved by
    averages.

    Parameters
    ----------
    filters : sequence of numpy.ndarray
        Filters ``(n, m, 3, 3)`` and offsets ``(n,)`` of each convolution, alternately.
    colour_mean : numpy.ndarray
        ``(3,)`` mean colour, which is subtracted from images.

    Attributes
    ----------
    digest : str
        Hash of the filters.
    """

    def __init__(self, filters: Sequence[FloatArray], colour_mean: FloatArray) -> None:
        self._filters = [torch.from_numpy(np.array(values, np.float32)) for values in filters]
        self._colour_mean = torch.from_numpy(np.array(colour_mean, np.float32)).view(1, -1, 1, 1)
        digest = sha256()
        for values in self._filters:
            digest.update(values.numpy().tobytes())
        self.digest = digest.hexdigest()

    def __call__(self, sections: Tensor) -> list[Tensor]:
        """Return the Gram matrices of a set of sections.

        Parameters
        ----------
        sections : torch.Tensor
            ``(n, phases, h, w)`` area fractions in [0, 1]; each phase is shown by itself, in grey.

        Returns
        -------
        list of torch.Tensor
            Mean Gram matrices over the sections, ``(phases, k, k)`` for each level with `k` features.
        """
        n, phases, h, w = sections.shape
        repeats = [-(-_LEAST_SIDE // extent) for extent in (h, w)]
        mean = self._colour_mean.to(sections.device)
        features = _WHITE * sections.reshape(n * phases, 1, h, w).repeat(1, 1, *repeats) - mean
        matrices = []
        for i, (weight, offset) in enumerate(zip(self._filters[::2], self._filters[1::2], strict=True), start=1):
            padded = F.pad(features, (1, 1, 1, 1), mode="circular")
            with convolutions_in(training_precision(sections.device), sections.device):
                features = F.relu(F.conv2d(padded, weight.to(sections.device), offset.to(sections.device)))
            if i in _LAST_OF_LEVEL:
                each = _gram_matrix(features.float())
                matrices.append(each.view(n, phases, *each.shape[1:]).mean(0))
                features = F.avg_pool2d(features, 2)
        return matrices


def _gram_matrix(features: Tensor) -> Tensor:
    """Return the mean products ``(n, k, k)`` of the features ``(n, k, h, w)`` over positions."""
    listed = features.flatten(2)
    return listed @ listed.transpose(1, 2) / listed.shape[2]


def filter_shapes() -> list[Shape]:
    """Return the shapes of the filters and offsets of VGG-19."""
    inputs = (3, *VGG_WIDTHS[:-1])
    return [shape for n, m in zip(VGG_WIDTHS, inputs, strict=True) for shape in ((n, m, 3, 3), (n,))]


def random_filters(seed: int = 0) -> FilterNetwork:
    """Return a network of the layout of VGG-19 with random filters, as a control (Ustyuzhaninov et al. 2016).

    The filters have a normal distribution whose variance keeps the size of the features from layer to layer (He et al.
    2015), and no offsets.
    """
    rng = np.random.default_rng(seed)
    filters: list[FloatArray] = []
    for shape in filter_shapes():
        spread = (2 / np.prod(shape[1:])) ** 0.5 if len(shape) > 1 else 0.0
        filters.append((spread * rng.standard_normal(shape, np.float32)).astype(np.float32))
    return FilterNetwork(filters, np.full(3, _WHITE / 2, np.float32))
