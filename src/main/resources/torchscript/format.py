"""Number formats: rounding to a grid, stored codes, and the scales that a format may use.

A weight w in a group with scale s (and, for integers, zero point z) is stored as the grid's nearest
value to w / s + z, ties to the even code, saturating; it reads back as (value - z) * s.
"""

from typing import List, NamedTuple

import torch
from torch import Tensor


class Grid(NamedTuple):
    # The values that codes stand for, and how groups of them are scaled.
    floating: bool  # floating-point numbers, not integers
    least: float  # least code of integers
    greatest: float  # greatest code of integers, greatest value of floats
    mantissa_bits: int  # of floats
    least_exponent: int  # of the least normal float
    group_size: int  # inputs that share a scale
    # 0 real; 1 E8M0, a power of two (OCP MX 1.0, section 5); 2 E4M3 below one of the tensor
    # (NVFP4); 3 two levels (kquant.py); 4 E4M3 alone; 5 real, with real minima beside; 6 E4M3 below
    # a power of two of the tensor
    scale_kind: int
    scale_dtype: int  # what a real scale is stored in
    symmetric: bool  # no zero points
    table: bool  # codes stand for IQ4_NL's values (ggml-common.h, kvalues_iq4nl)
    # With two levels the greatest multiple of a scale; its negative is the least without minima, 1 with
    most: float


def table(like: Tensor) -> Tensor:
    """IQ4_NL's values, rising."""
    values = [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113]
    return torch.tensor(values, dtype=torch.float32, device=like.device)


def in_table(v: Tensor) -> Tensor:
    """The place of the table's nearest value."""
    values = table(v)
    return torch.bucketize(v.contiguous(), (values[1:] + values[:-1]) * 0.5)


def round_to_grid(v: Tensor, grid: Grid) -> Tensor:
    if grid.table:
        return table(v)[in_table(v)]
    if not grid.floating:
        return torch.clamp(torch.round(v), grid.least, grid.greatest)
    magnitude = torch.clamp_max(torch.abs(v), grid.greatest)
    # frexp gives m in [0.5, 1), so the exponent of the leading bit is one less.
    _, exponent = torch.frexp(magnitude)
    exponent = torch.clamp_min(exponent - 1, grid.least_exponent)
    step = torch.ldexp(torch.ones_like(magnitude), exponent - grid.mantissa_bits)
    # Rounding up may leave the binade: the value is then the next binade's first, on the grid.
    rounded = torch.clamp_max(torch.round(magnitude / step) * step, grid.greatest)
    return torch.copysign(rounded, v)


def quantize(w: Tensor, scale: Tensor, zero: Tensor, grid: Grid) -> Tensor:
    return (round_to_grid(w / scale + zero, grid) - zero) * scale


def by_input(x: Tensor, grid: Grid) -> Tensor:
    """What holds of each group, [..., G], for each of its inputs, [..., K]."""
    return torch.repeat_interleave(x, grid.group_size, -1)


def exponent_bits(grid: Grid) -> int:
    """Width of a float's exponent: from subnormals to the exponent of the greatest value."""
    _, top = torch.frexp(torch.scalar_tensor(grid.greatest))
    exponents = int(top) - 1 - grid.least_exponent + 2
    bits = 0
    while (1 << bits) < exponents:
        bits += 1
    return bits


def encode(value: Tensor, grid: Grid) -> Tensor:
    """Grid values to stored codes, uint8: integers offset to start at 0, floats as sign, exponent,
    mantissa.
    """
    if grid.table:
        return in_table(value).to(torch.uint8)
    if not grid.floating:
        return (value - grid.least).to(torch.uint8)
    magnitude = torch.abs(value)
    _, exponent = torch.frexp(magnitude)
    exponent = torch.clamp_min(exponent - 1, grid.least_exponent)
    step = torch.ldexp(torch.ones_like(magnitude), exponent - grid.mantissa_bits)
    steps = torch.round(magnitude / step)
    binades = (exponent - grid.least_exponent).to(torch.float32)
    code = torch.where(steps == 0.0, steps, steps + binades * float(1 << grid.mantissa_bits))
    sign = float(1 << (grid.mantissa_bits + exponent_bits(grid)))
    return (code + torch.signbit(value).to(torch.float32) * sign).to(torch.uint8)


def decode(codes: Tensor, grid: Grid) -> Tensor:
    """The grid values of stored codes: encode's inverse."""
    if grid.table:
        return table(codes)[codes.to(torch.int64)]
    if not grid.floating:
        return codes.to(torch.float32) + grid.least
    bits = exponent_bits(grid)
    c = codes.to(torch.int32)
    negative = torch.bitwise_and(torch.bitwise_right_shift(c, grid.mantissa_bits + bits), 1)
    exponent = torch.bitwise_and(torch.bitwise_right_shift(c, grid.mantissa_bits), (1 << bits) - 1)
    mantissa = torch.bitwise_and(c, (1 << grid.mantissa_bits) - 1).to(torch.float32)
    normal = (exponent > 0).to(torch.float32)
    significand = normal * float(1 << grid.mantissa_bits) + mantissa
    power = torch.clamp_min(exponent - 1, 0) + grid.least_exponent - grid.mantissa_bits
    return torch.ldexp(significand, power) * (1.0 - 2.0 * negative.to(torch.float32))


def codes(weight: Tensor, scale: Tensor, zero: Tensor, grid: Grid, rows: int) -> Tensor:
    """The codes of weights that lie on their grid already, [B, R, K] uint8; `rows` at once."""
    parts: List[Tensor] = []
    for first in range(0, weight.shape[1], rows):
        last = min(first + rows, weight.shape[1])
        S = by_input(scale[:, first:last], grid)
        Z = by_input(zero[:, first:last], grid)
        parts.append(encode(round_to_grid(weight[:, first:last] / S + Z, grid), grid))
    return torch.cat(parts, 1)


def dequantize(codes: Tensor, scale: Tensor, zero: Tensor, grid: Grid) -> Tensor:
    """codes uint8 [..., N, K], scale and zero [..., N, G] -> float32 [..., N, K]."""
    return (decode(codes, grid) - by_input(zero, grid)) * by_input(scale, grid)


def least_half() -> float:
    """The least number above zero in half precision."""
    return 5.9604644775390625e-08


def real_scale(scale: Tensor, dtype: int) -> Tensor:
    """Codes are computed with the scale as it will be stored, so that both agree."""
    stored = scale.to(dtype).to(torch.float32)
    return torch.where(stored > 0.0, stored, torch.ones_like(stored))


def real_scale_like(scale: Tensor, like: Tensor, dtype: int) -> Tensor:
    """real_scale on the side of zero that `like` is on."""
    side = torch.where(like < 0.0, torch.full_like(like, -1.0), torch.ones_like(like))
    return side * real_scale(side * scale, dtype)


def power_of_two_scale(amax: Tensor, greatest: float, shift: int) -> Tensor:
    """The power of two that puts amax into the binade of a grid's greatest value, `shift` binades
    on.
    """
    _, exponent = torch.frexp(amax)
    _, top = torch.frexp(torch.scalar_tensor(greatest))
    e = torch.clamp(exponent - int(top) + shift, -127, 127)
    e = torch.where(amax > 0.0, e, torch.zeros_like(e))
    return torch.ldexp(torch.ones_like(amax), e)


def e4m3(x: Tensor) -> Tensor:
    """The nearest E4M3 numbers."""
    return round_to_grid(x, Grid(True, -448.0, 448.0, 3, -6, 1, 0, 6, True, False, 0.0))


def below_outer(scale: Tensor, outer: Tensor) -> Tensor:
    """Local scales [B, R, G] of those that contain the tensor's outer one [B]."""
    return scale / torch.reshape(outer, [-1, 1, 1])


def numbers(outer: Tensor) -> Tensor:
    """Scales of whole tensors [B] as arrays of one number each."""
    return torch.reshape(outer, [-1, 1])


def e4m3_scale(amax: Tensor, greatest: float, outer: Tensor, shift: int) -> Tensor:
    """The E4M3 number below `outer` that puts amax on a grid's greatest value, `shift` steps on."""
    local = e4m3(amax / greatest / outer)
    _, exponent = torch.frexp(local)
    step = torch.ldexp(torch.ones_like(local), torch.clamp_min(exponent - 1, -6) - 3)
    local = e4m3(local + step * float(shift))
    return torch.where(local > 0.0, local, torch.full_like(local, 0.125)) * outer


def outer_scale(weight: Tensor, grid: Grid) -> Tensor:
    """NVFP4: the tensor's greatest value lands on the greatest local scale times the greatest code,
    or below that where the scale is to be a power of two. [B]
    """
    if grid.scale_kind != 2 and grid.scale_kind != 6:
        return torch.ones([weight.shape[0]], dtype=torch.float32, device=weight.device)
    amax = torch.amax(torch.abs(weight), [-2, -1])
    if grid.scale_kind == 6:
        _, exponent = torch.frexp(amax / (448.0 * grid.greatest))
        power = torch.ldexp(torch.ones_like(amax), torch.clamp(exponent, -100, 100))
        return torch.where(amax > 0.0, power, torch.ones_like(amax))
    divisor = (448.0 * grid.greatest) / torch.clamp_min(amax, 1e-30)
    # The checkpoint keeps the divisor, so that is what is exact in float32.
    return 1.0 / divisor
