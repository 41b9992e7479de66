"""Activations rounded as engines round them: dynamically, each token (or block of it) by its own
largest value.
"""

from typing import NamedTuple

import torch
from torch import Tensor

import format


class Rounding(NamedTuple):
    # A grid, and how a token's blocks are scaled onto it; greatest 0 rounds nothing.
    floating: bool
    least: float
    greatest: float
    mantissa_bits: int
    least_exponent: int
    block_size: int  # 0: the whole token
    scale_kind: int  # as a grid's
    divisor: float  # the tensor's own, of E4M3 scales


def block_scale(amax: Tensor, rounding: Rounding) -> Tensor:
    """Scales as compressed-tensors finds them for inputs (0.18, quantization/utils).

    Real ones from the absolute maximum, powers of two rounded up from 1.75, E4M3 below the tensor's
    own divisor.
    """
    if rounding.scale_kind == 1:
        _, top = torch.frexp(torch.scalar_tensor(rounding.greatest))
        mantissa, exponent = torch.frexp(amax)
        up = (mantissa >= 0.875).to(torch.int32)
        power = torch.clamp(exponent + up - int(top), -127, 127)
        scale = torch.ldexp(torch.ones_like(amax), power)
    elif rounding.scale_kind == 2:
        outer = torch.full_like(amax, 1.0 / rounding.divisor)
        scale = format.e4m3_scale(amax, rounding.greatest, outer, 0)
    else:
        reach = rounding.greatest
        if not rounding.floating:
            reach = 0.5 * (rounding.greatest - rounding.least)
        scale = amax / reach
    return torch.where(amax > 0.0, scale, torch.ones_like(scale))


def round_inputs(x: Tensor, rounding: Rounding) -> Tensor:
    """x [..., K] -> the same, each block on its grid."""
    if rounding.greatest == 0.0:
        return x
    block = x.shape[-1] if rounding.block_size == 0 else rounding.block_size
    grid = format.Grid(
        rounding.floating,
        rounding.least,
        rounding.greatest,
        rounding.mantissa_bits,
        rounding.least_exponent,
        block,
        rounding.scale_kind,
        6,
        True,
        False,
        0.0,
    )
    groups = torch.reshape(x, [-1, x.shape[-1] // block, block])
    scale = torch.unsqueeze(block_scale(torch.amax(torch.abs(groups), [-1]), rounding), -1)
    return torch.reshape(format.round_to_grid(groups / scale, grid) * scale, x.shape)
