"""The two networks: the paper's U-Net, and the one trained on simulated motion."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.device import multiplies_bfloat16
from engine.errors import InputError
from engine.registration.features import FEATURE_COUNT, pair_features
from engine.registration.warp import resize_displacement

_UP = {2: "bilinear", 3: "trilinear"}
_MIN_LOG_SCALE, _MAX_LOG_SCALE = -5.0, 3.0


class PaperUNet(nn.Module):
    """VoxelMorph-2's U-Net, 2D or 3D: two images in, a dense displacement out.

    Encoder 16, 32, 32, 32 by stride-2 convolutions to 1/16; decoder 32, 32, 32, 32, 32, 16, 16
    with skips, the last two convolutions at full resolution; LeakyReLU 0.2. The flow head starts
    from N(0, 1e-5), so the first displacement is nearly zero.
    """

    def __init__(self, dims: int = 2) -> None:
        """Build the network.

        Args:
            dims: 2 or 3 spatial dimensions.
        """
        super().__init__()
        if dims not in (2, 3):
            raise InputError(f"PaperUNet: dims must be 2 or 3, not {dims}")
        self.dims = dims
        self.multiple = 16
        self.encoder = nn.ModuleList(
            [
                _convolution(dims, 2, 16, 2),
                _convolution(dims, 16, 32, 2),
                _convolution(dims, 32, 32, 2),
                _convolution(dims, 32, 32, 2),
            ]
        )
        self.decoder = nn.ModuleList(
            [
                _convolution(dims, 32, 32),
                _convolution(dims, 64, 32),
                _convolution(dims, 64, 32),
                _convolution(dims, 48, 32),
                _convolution(dims, 32, 32),
                _convolution(dims, 34, 16),
                _convolution(dims, 16, 16),
            ]
        )
        self.flow = _convolution(dims, 16, dims)
        nn.init.normal_(self.flow.weight, std=1e-5)
        _zero_bias(self.flow)

    def forward(self, fixed: Tensor, moving: Tensor) -> Tensor:
        """Estimate the displacement that brings ``moving`` onto ``fixed``.

        Args:
            fixed: ``(N, 1, *spatial)``, any size; padded to a multiple of 16 and cropped back.
            moving: Same shape.

        Returns:
            Pull-back displacement ``(N, D, *spatial)``, px of this grid, float32.
        """
        _check_images("PaperUNet", fixed, moving, self.dims)
        size = fixed.shape[2:]
        images = _pad_to_multiple(torch.cat((moving, fixed), dim=1).float(), self.multiple)
        skips = [images]
        for layer in self.encoder:
            skips.append(_activate(layer(skips[-1])))
        value = _activate(self.decoder[0](skips.pop()))
        for layer in self.decoder[1:4]:
            value = _activate(layer(torch.cat((self._double(value), skips.pop()), dim=1)))
        value = _activate(self.decoder[4](value))
        value = torch.cat((self._double(value), skips.pop()), dim=1)
        for layer in self.decoder[5:]:
            value = _activate(layer(value))
        return _crop(self.flow(value), size).float()

    def _double(self, value: Tensor) -> Tensor:
        """Enlarge by two, to nearest (as VoxelMorph does)."""
        return functional.interpolate(value, scale_factor=2.0, mode="nearest")


class MotionEstimate(NamedTuple):
    """A displacement and how far it is trusted.

    Attributes:
        displacement: Pull-back displacement ``(N, 2, H, W)``, px of its grid.
        log_scale: Natural log of the expected endpoint error ``(N, 1, H, W)``, log px of its
            grid (the scale of a Laplace distribution).
    """

    displacement: Tensor
    log_scale: Tensor


def resize_estimate(estimate: MotionEstimate, size: Sequence[int]) -> MotionEstimate:
    """Bring an estimate to another grid; its error is scaled as the displacement is.

    Args:
        estimate: On its own grid.
        size: Spatial size of the result (H, W), px.

    Returns:
        The estimate in px of the new grid.
    """
    old = estimate.displacement.shape[2:]
    ratio = math.sqrt(size[0] / old[0] * size[1] / old[1])
    log_scale = functional.interpolate(
        estimate.log_scale, tuple(size), mode="bilinear", align_corners=False
    )
    return MotionEstimate(
        resize_displacement(estimate.displacement, size), log_scale + math.log(ratio)
    )


class MotionUNet(nn.Module):
    """Residual motion between a fixed and an already warped moving image, 2D.

    Trained on simulated motion and applied coarse to fine with the same weights at every scale.
    It predicts at stride 4 and is enlarged by cubic B-splines: the field cannot follow single
    pixels' noise. No normalisation layer, so neither the batch nor the crop changes the result
    (beyond the statistics of the image itself).
    """

    def __init__(self, widths: Sequence[int] = (32, 48, 64, 64, 64)) -> None:
        """Build the network.

        Args:
            widths: Channels at strides 2, 4, 8, 16 and so on; 32 px is the coarsest stride of
                the default.
        """
        super().__init__()
        if len(widths) < 3:
            raise InputError(f"MotionUNet: widths must name at least 3 strides, not {widths}")
        self.widths = tuple(int(n) for n in widths)
        self.dims = 2
        self.multiple = 2 ** len(self.widths)
        self.stem = _convolution(2, FEATURE_COUNT, self.widths[0], 2)
        pairs = list(zip(self.widths[:-1], self.widths[1:], strict=True))
        self.down = nn.ModuleList([_convolution(2, low, high, 2) for low, high in pairs])
        self.encoder = nn.ModuleList([_Residual(high) for _, high in pairs])
        self.up = nn.ModuleList([_convolution(2, high, low, 1, 1) for low, high in pairs[1:]])
        self.decoder = nn.ModuleList([_Residual(low) for low, _ in pairs[1:]])
        last = _convolution(2, self.widths[1], 3)
        self.head = nn.Sequential(
            _convolution(2, self.widths[1], self.widths[1]), nn.LeakyReLU(0.1), last
        )
        nn.init.normal_(last.weight, std=1e-3)
        _zero_bias(last)

    def forward(
        self,
        fixed: Tensor,
        warped: Tensor,
        scale: float = 1.0,
        previous: MotionEstimate | None = None,
    ) -> MotionEstimate:
        """Estimate the residual motion.

        Args:
            fixed: ``(N, 1, H, W)``, any unit and size.
            warped: Moving image warped by the displacement so far, same shape.
            scale: Scale of both relative to the full resolution.
            previous: The motion that warped the image, on this grid, with its expected error;
                None before the first pass.

        Returns:
            Residual displacement, and the expected error of its composition with the previous.
        """
        _check_images("MotionUNet", fixed, warped, 2)
        size = fixed.shape[2:]
        features = pair_features(fixed, warped, scale, *(previous or (None, None)))
        features = _pad_to_multiple(features, self.multiple)
        kind = features.device.type
        # Convolutions alone: sums over windows, and where images are sampled, need all digits.
        with torch.autocast(kind, torch.bfloat16, enabled=multiplies_bfloat16(kind)):
            coarse = self._predict(features).float()
        dense = _crop(self._enlarge(coarse), size)
        log_scale = dense[:, 2:].clamp(_MIN_LOG_SCALE, _MAX_LOG_SCALE)
        return MotionEstimate(dense[:, :2], log_scale)

    def _predict(self, features: Tensor) -> Tensor:
        """Map features ``(N, C, H, W)`` to ``(N, 3, H / 4, W / 4)``."""
        value = functional.leaky_relu(self.stem(features), 0.1)
        skips = []
        for down, block in zip(self.down, self.encoder, strict=True):
            value = block(functional.leaky_relu(down(value), 0.1))
            skips.append(value)
        skips.pop()
        for level in reversed(range(len(self.up))):
            small = self.up[level](value)
            value = skips.pop() + functional.interpolate(
                small, scale_factor=2.0, mode="bilinear", align_corners=False
            )
            value = self.decoder[level](value)
        predicted: Tensor = self.head(value)
        return predicted

    def _enlarge(self, coarse: Tensor) -> Tensor:
        """Enlarge by four with cubic B-splines (``coarse`` holds their coefficients)."""
        with torch.autocast(coarse.device.type, enabled=False):
            rows = _spline_matrix(coarse.shape[2], coarse.device)
            columns = _spline_matrix(coarse.shape[3], coarse.device)
            enlarged: Tensor = rows @ coarse @ columns.mT
        return enlarged


def lay_channels_last(network: nn.Module) -> None:
    """Lay kernels out with channels last, which processors convolve faster."""
    for parameter in network.parameters():
        if parameter.ndim == 4:
            parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)


class _Residual(nn.Module):
    """Two convolutions added to their input."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = _convolution(2, width, width)
        self.second = _convolution(2, width, width)
        nn.init.normal_(self.second.weight, std=0.01)

    def forward(self, value: Tensor) -> Tensor:
        """Return ``(N, width, H, W)``."""
        hidden = functional.leaky_relu(self.first(value), 0.1)
        return functional.leaky_relu(value + self.second(hidden), 0.1)


def _convolution(
    dims: int, inputs: int, outputs: int, stride: int = 1, size: int = 3
) -> nn.Conv2d | nn.Conv3d:
    """Build a padded convolution."""
    if dims == 3:
        return nn.Conv3d(inputs, outputs, size, stride, size // 2)
    return nn.Conv2d(inputs, outputs, size, stride, size // 2)


def _zero_bias(layer: nn.Module) -> None:
    """Set a layer's bias to zero."""
    if isinstance(layer.bias, Tensor):
        nn.init.zeros_(layer.bias)


def _activate(value: Tensor) -> Tensor:
    """Apply VoxelMorph's LeakyReLU."""
    return functional.leaky_relu(value, 0.2)


@cache
def _spline_matrix(count: int, device: torch.device) -> Tensor:
    """Return the matrix ``(4 count, count)`` from B-spline coefficients to values at stride 1/4.

    Coefficient ``i`` lies at the centre of its four pixels; beyond the border the last
    coefficient is repeated.
    """
    pixels = (torch.arange(4 * count, dtype=torch.float64) + 0.5) / 4 - 0.5
    knots = torch.arange(-2, count + 2, dtype=torch.float64)
    distance = (pixels[:, None] - knots[None, :]).abs()
    inner = 2 / 3 - distance**2 + distance**3 / 2
    outer = (2 - distance).clamp(min=0) ** 3 / 6
    basis = torch.where(distance < 1, inner, outer)
    matrix = basis[:, 2:-2].clone()
    matrix[:, 0] += basis[:, :2].sum(dim=1)
    matrix[:, -1] += basis[:, -2:].sum(dim=1)
    return matrix.float().to(device)


def _pad_to_multiple(value: Tensor, multiple: int) -> Tensor:
    """Repeat the last pixel of every axis up to the next multiple."""
    padding: list[int] = []
    for length in reversed(value.shape[2:]):
        padding += [0, -length % multiple]
    return functional.pad(value, padding, mode="replicate") if any(padding) else value


def _crop(value: Tensor, size: Sequence[int]) -> Tensor:
    """Undo ``_pad_to_multiple``."""
    for axis, length in enumerate(size):
        value = value.narrow(axis + 2, 0, length)
    return value


def _check_images(name: str, fixed: Tensor, moving: Tensor, dims: int) -> None:
    """Raise unless both are one-channel images of one shape."""
    if fixed.ndim != dims + 2 or fixed.shape[1] != 1 or fixed.shape != moving.shape:
        raise InputError(
            f"{name}: fixed and moving must both be (N, 1, {'D, ' if dims == 3 else ''}H, W),"
            f" not {tuple(fixed.shape)} and {tuple(moving.shape)}"
        )
