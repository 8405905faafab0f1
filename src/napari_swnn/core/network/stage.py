"""Stage of the cascade: the paper's network at one scale (Eq. 13-15)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from napari_swnn.core.network.config import StageConfig
from napari_swnn.core.network.film import Modulation, crop_features, fraction_features
from napari_swnn.core.numerics.convolution import convolve, convolve_all

SLOPE = 0.01
"""Slope of the leaky ReLU for negative inputs."""
_LEAST_SHARE = 1e-7
"""Share of a phase below which rounding hides it."""
NORM_MOMENTUM = 0.3
"""Weight of the latest batch in the running statistics of batch norm."""


class Stage(nn.Module):
    """Unpadded network that maps noise and, except in the coarsest stage, a coarser volume to a grey volume.

    The coarser volume, interpolated to the voxels of the stage, is an input of the first block and is added to the
    output, so a stage whose last layer is zero returns the coarser volume. A hyperbolic tangent bounds a single grey
    channel; a softmax over the channels bounds several (`bound_phases`).

    Parameters
    ----------
    config : StageConfig
        Architecture of the stage.
    conditioned : bool
        True if the stage refines a coarser volume.
    dimension : int
        Dimension of the volumes, 2 or 3.
    n_phase_channels : int
        Number of grey channels of the coarser volume and the output: 1 for two phases, otherwise one for each phase.
    free_ranges : tuple of tuple of float
        Lowest and highest value of each fraction that modulates the features; see `NetworkConfig.free_ranges`.
    normalised : bool
        True for a stage with batch norm, for training; False for a stage with folded batch norm, for generation.
    generator : torch.Generator, optional
        Random generator for the initial weights; if omitted, weights must be loaded.
    """

    CARRY_OVER = 1.5
    """Weight of the coarser volume in the output, which compensates for flattening by the bound."""
    CEILING = 1.03
    """Factor that stretches the bounded grey values, so that finite inputs reach values of 1 and -1."""

    def __init__(
        self,
        config: StageConfig,
        *,
        conditioned: bool,
        dimension: int = 3,
        n_phase_channels: int = 1,
        free_ranges: tuple[tuple[float, float], ...] = (),
        normalised: bool = False,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        self.config = config
        self.conditioned = conditioned
        self.dimension = dimension
        self.free_ranges = free_ranges
        convolution = {2: nn.Conv2d, 3: nn.Conv3d}[dimension]
        norm = {2: nn.BatchNorm2d, 3: nn.BatchNorm3d}[dimension]
        width = config.n_channels
        first = config.n_noise_channels + conditioned * n_phase_channels
        inputs = [first, *[width] * (config.n_blocks - 1)]
        self.convolutions = nn.ModuleList(
            _uninitialised(convolution, n, width, kernel_size=3, bias=not normalised) for n in inputs
        )
        self.norms = nn.ModuleList(norm(width, momentum=NORM_MOMENTUM) for _ in inputs) if normalised else None
        self.running_statistics = False  # False: each batch is normalised by batch statistics
        n_free = len(free_ranges)
        self.modulations = nn.ModuleList(Modulation(width, n_free) for _ in inputs) if n_free else None
        self.head = _uninitialised(nn.Linear, width, n_phase_channels)
        self.head_modulation = Modulation(n_phase_channels, n_free) if n_free else None
        if generator is not None:
            self._initialise(generator)
        self.to(memory_format=self.memory_format)  # type: ignore[call-overload]  # missing from torch's annotations

    def _initialise(self, generator: torch.Generator) -> None:
        for convolution in self.convolutions:
            layer = cast(nn.Conv3d, convolution)
            nn.init.kaiming_normal_(layer.weight, a=SLOPE, generator=generator)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
        # A refining stage starts close to the coarser volume. The coarsest stage starts with grey values over the full
        # range, which it would otherwise reach late, or never if the phase is rare.
        nn.init.normal_(self.head.weight, 0, 0.1 if self.conditioned else 0.2, generator=generator)
        nn.init.zeros_(self.head.bias)

    @property
    def margin(self) -> int:
        """Number of voxels that the unpadded convolutions remove on each side."""
        return self.config.margin

    @property
    def memory_format(self) -> torch.memory_format:
        """Channels-last layout, in which convolutions on the CPU are 2 to 4 times faster than in the default layout."""
        return torch.channels_last_3d if self.dimension == 3 else torch.channels_last

    def forward(self, noise: Tensor, coarse: Tensor | None = None, fractions: Tensor | None = None) -> Tensor:
        """Return the grey volume ``(n, phases, *spatial)``, smaller than the input by `margin` voxels on each side.

        Parameters
        ----------
        noise : torch.Tensor
            ``(n, n_noise_channels, *spatial)``.
        coarse : torch.Tensor, optional
            ``(n, phases, *spatial)`` volume of the coarser stage on the same voxels.
        fractions : torch.Tensor, optional
            ``(n, m, *spatial)`` free fractions, with an extent of 1 along uniform axes; for modulated stages only.
        """
        features = None
        if self.free_ranges and fractions is not None:
            features = fraction_features(fractions, self.free_ranges)
        x = noise if coarse is None else torch.cat([coarse, noise], 1)
        x = x.contiguous(memory_format=self.memory_format)
        if self.norms is None and features is None:
            x = convolve_all(self.convolutions, x, SLOPE)  # type: ignore[arg-type]  # a ModuleList is a sequence
        else:
            x, features = self._apply_blocks(x, features)
        # On the CPU, a matrix product over the channels is faster than a 1 x 1 x 1 convolution.
        y = F.linear(x.movedim(1, -1), self.head.weight, self.head.bias).movedim(-1, 1).float()
        if self.head_modulation is not None and features is not None:
            y = self.head_modulation(y, features)
        if coarse is not None:
            y = y + self.CARRY_OVER * crop(coarse, self.margin)
        if not self.config.bounded:
            return y
        return self.CEILING * torch.tanh(y) if y.shape[1] == 1 else bound_phases(y, self.CEILING)

    def _apply_blocks(self, x: Tensor, features: Tensor | None) -> tuple[Tensor, Tensor | None]:
        for i, convolution in enumerate(self.convolutions):
            if self.norms is None:
                x = convolve(convolution, x)
            else:
                x = self._normalise(convolution(x), cast(nn.BatchNorm3d, self.norms[i]))
            if self.modulations is not None and features is not None:
                features = crop_features(features, 1)
                x = self.modulations[i](x, features)
            x = F.leaky_relu(x, SLOPE, inplace=True)
        return x, features

    def _normalise(self, x: Tensor, norm: nn.BatchNorm3d) -> Tensor:
        if not self.running_statistics:
            return cast(Tensor, norm(x))
        norm(x.detach())  # only to update the running statistics
        return F.batch_norm(x, norm.running_mean, norm.running_var, norm.weight, norm.bias, eps=norm.eps)

    @torch.no_grad()
    def fold(self) -> Stage:
        """Return an equivalent stage in evaluation mode, with batch norm folded into the convolutions."""
        stage = self._without_norms(self.free_ranges)
        stage.load_state_dict(self.state_dict(), strict=False)  # loads the head and modulations; convolutions follow
        for i, module in enumerate(self.convolutions):
            source = cast(nn.Conv3d, module)
            if self.norms is None:
                _set(stage.convolutions[i], source.weight, cast(Tensor, source.bias))
            else:
                _set(stage.convolutions[i], *_fold(source.weight, cast(nn.BatchNorm3d, self.norms[i])))
        return stage

    @torch.no_grad()
    def at(self, fractions: float | Sequence[float]) -> Stage:
        """Return the equivalent unmodulated stage of a folded, modulated stage for uniform free fractions."""
        assert self.modulations is not None
        assert self.head_modulation is not None
        values = [fractions] if isinstance(fractions, float) else list(fractions)
        place = torch.tensor([values], device=self.head.weight.device)
        features = fraction_features(place, self.free_ranges)[0]
        stage = self._without_norms(())
        for i, module in enumerate(self.convolutions):
            source = cast(nn.Conv3d, module)
            modulation = cast(Modulation, self.modulations[i])
            _set(stage.convolutions[i], *modulation.fold(source.weight, cast(Tensor, source.bias), features))
        _set(stage.head, *self.head_modulation.fold(self.head.weight, self.head.bias, features))
        return stage

    def _without_norms(self, free_ranges: tuple[tuple[float, float], ...]) -> Stage:
        stage = Stage(
            self.config,
            conditioned=self.conditioned,
            dimension=self.dimension,
            n_phase_channels=self.head.out_features,
            free_ranges=free_ranges,
        ).to(self.head.weight.device)
        return stage.eval().requires_grad_(False)


def _set(layer: nn.Module, weight: Tensor, bias: Tensor) -> None:
    cast(nn.Conv3d, layer).weight.copy_(weight)
    cast(Tensor, layer.bias).copy_(bias)


def _uninitialised(module: type[nn.Module], *args: int, **kwargs: int) -> Any:
    # The default initialisation would draw from the global generator.
    return nn.utils.skip_init(module, *args, **kwargs)  # type: ignore[no-untyped-call]


def _fold(weight: Tensor, norm: nn.BatchNorm3d) -> tuple[Tensor, Tensor]:
    mean = cast(Tensor, norm.running_mean)
    variance = cast(Tensor, norm.running_var)
    gain = norm.weight / torch.sqrt(variance + norm.eps)
    shift = norm.bias - mean * gain
    return weight * gain.view(-1, *[1] * (weight.ndim - 1)), shift


def bound_phases(y: Tensor, ceiling: float) -> Tensor:
    """Map channels ``(n, phases, *spatial)`` to grey values of phases that add up to a constant at each voxel.

    The shares ``p`` of a softmax, each moved away from ``1 / phases`` by the factor `ceiling`, become grey values
    ``2 p - 1``. Channels ``y`` and ``-y`` of two phases give ``ceiling * tanh(y)`` and its negative, as a single
    channel ``y`` does.
    """
    n_phases = y.shape[1]
    return 2 * ceiling * torch.softmax(y, 1) + (2 - 2 * ceiling) / n_phases - 1


def phase_scores(grey: Tensor, ceiling: float) -> Tensor:
    """Return the logarithms of the shares of phases whose grey values ``(phases, *spatial)`` are from `bound_phases`.

    Offsets that are added to these scores multiply the odds of a phase. Where two phases meet, a third one, whose share
    is nearly 0, stays the least likely even with a large offset. Added to the grey values, such an offset would put a
    film of the third phase between the others.
    """
    n_phases = len(grey)
    shares = ((grey + 1) / 2 - 1 / n_phases) / ceiling + 1 / n_phases
    return torch.log(shares.clamp_min(_LEAST_SHARE))


def crop(volume: Tensor, margin: int) -> Tensor:
    """Crop `margin` voxels from each side of a volume ``(n, phases, *spatial)``."""
    inner = slice(margin, -margin or None)
    return volume[:, :, *[inner] * (volume.ndim - 2)]
