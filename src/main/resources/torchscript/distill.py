"""End-to-end distillation of a quantized model against the original one.

A quantized weight is (r(L) - Z) S with latent weights L in units of its grid, r rounding to the grid
(straight through: Bengio et al. 2013, arXiv 1308.3432), scales S and zero points Z by group. What is
differentiated is the forward pass with the weight as it will be stored, so that L and S move by the
chain rule alone: dL = dW S where the grid does not saturate, dS = sum over the group of dW (r(L) -
Z). Where minima are stored in place of zero points, (least - Z) S, zero points are real and move as
well, dZ = -S times the sum over the group of dW. Scales and minima that are whole multiples of a block's
units are rounded straight through as codes are; the units stay. Arrays are [B, R, K] with scales and
zeros [B, R, G], units outer [B, R, K / 256, 1 or 2].
"""

from typing import List, NamedTuple, Tuple

import torch
from torch import Tensor

import format
import kquant


class Adam(NamedTuple):
    # Kingma and Ba 2015, arXiv 1412.6980; `step` counts from 1.
    rate: float
    beta1: float
    beta2: float
    epsilon: float
    step: int


def cell(value: Tensor, grid: format.Grid, margin: float) -> Tuple[Tensor, Tensor]:
    """The latent weights that round to grid values, up to a margin of each step next to them."""
    if grid.table:
        place = format.in_table(value)
        values = format.table(value)
        steps = values[1:] - values[:-1]
        below = torch.cat([steps[:1], steps])[place]
        above = torch.cat([steps, steps[-1:]])[place]
        return (value - margin * below, value + margin * above)
    if not grid.floating:
        return (value - margin, value + margin)
    magnitude = torch.abs(value)
    mantissa, exponent = torch.frexp(magnitude)
    normal = torch.clamp_min(exponent - 1, grid.least_exponent)
    above = torch.ldexp(torch.ones_like(value), normal - grid.mantissa_bits)
    # The step below a power of two is half the one above it, but for the least binade.
    first = torch.logical_and(mantissa == 0.5, exponent - 1 > grid.least_exponent)
    below = torch.where(first, above * 0.5, above)
    low = magnitude - margin * below
    high = torch.clamp_max(magnitude + margin * above, grid.greatest)
    return (
        torch.where(value < 0.0, -high, low),
        torch.where(value < 0.0, -low, high),
    )


def latent(
    weight: Tensor, codes: Tensor, scale: Tensor, zero: Tensor, grid: format.Grid, margin: float
) -> Tensor:
    """Where training starts: the original weight in units of the grid, clipped to the cells of the
    codes that were solved.
    """
    low, high = cell(format.decode(codes, grid), grid, margin)
    units = weight / format.by_input(scale, grid) + format.by_input(zero, grid)
    return torch.minimum(torch.maximum(units, low), high)


def has_minima(grid: format.Grid) -> bool:
    return not grid.symmetric and (grid.scale_kind == 3 or grid.scale_kind == 5)


def stored_scale(scale: Tensor, outer: Tensor, grid: format.Grid) -> Tensor:
    """Scales as they are stored; powers of two and NVFP4's do not move."""
    if grid.scale_kind == 3:
        unit, _ = kquant.units(outer, scale.shape[2])
        return kquant.nearby(scale, unit, 0.0, grid)
    if grid.scale_kind == 0 or grid.scale_kind == 5:
        return format.real_scale_like(scale, scale, grid.scale_dtype)
    return scale


def stored_minimum(scale: Tensor, zero: Tensor, outer: Tensor, grid: format.Grid) -> Tensor:
    """The minima beside stored scales."""
    unit = outer
    if grid.scale_kind == 3:
        _, unit = kquant.units(outer, scale.shape[2])
    return kquant.as_stored((grid.least - zero) * scale, unit, grid)


def stored_zero(scale: Tensor, zero: Tensor, outer: Tensor, grid: format.Grid) -> Tensor:
    """Zero points, or those that belong to minima as they are stored."""
    if not has_minima(grid):
        return zero
    stored = stored_scale(scale, outer, grid)
    return grid.least - stored_minimum(stored, zero, outer, grid) / stored


def stored_weight(
    latent: Tensor, scale: Tensor, zero: Tensor, outer: Tensor, grid: format.Grid, rounding: int
) -> Tensor:
    """The weight as a result gives it back; where `rounding` is not negative, rounded to that
    dtype.
    """
    value = format.round_to_grid(latent, grid)
    stored = stored_scale(scale, outer, grid)
    z = stored_zero(scale, zero, outer, grid)
    S = format.by_input(stored, grid)
    if has_minima(grid):
        M = kquant.minima(stored, z, grid.least, outer)
        weight = (value - grid.least) * S + format.by_input(M, grid)
    else:
        weight = (value - format.by_input(z, grid)) * S
    if rounding >= 0:
        return weight.to(rounding).to(torch.float32)
    return weight


def stored_codes(latent: Tensor, grid: format.Grid) -> Tensor:
    """Uint8 [B, R, K]"""
    return format.encode(format.round_to_grid(latent, grid), grid)


def unsaturated(latent: Tensor, grid: format.Grid) -> Tensor:
    """1 where a small change of the latent weight can change the code."""
    if grid.floating:
        return (torch.abs(latent) <= grid.greatest).to(torch.float32)
    rounded = torch.round(latent)
    inside = torch.logical_and(rounded >= grid.least, rounded <= grid.greatest)
    return inside.to(torch.float32)


def move(x: Tensor, gradient: Tensor, mean: Tensor, square: Tensor, adam: Adam) -> Tensor:
    """One step of Adam, in place."""
    mean.mul_(adam.beta1).add_(gradient * (1.0 - adam.beta1))
    square.mul_(adam.beta2).addcmul_(gradient, gradient, value=1.0 - adam.beta2)
    corrected = mean / (1.0 - pow(adam.beta1, adam.step))
    size = torch.sqrt(square / (1.0 - pow(adam.beta2, adam.step))) + adam.epsilon
    return x.sub_(corrected / size * adam.rate)


def gradient_of_latent(
    gradient: Tensor, latent: Tensor, scale: Tensor, outer: Tensor, grid: format.Grid
) -> Tensor:
    """From the weight's gradient to that of its latent weights."""
    by_scale = gradient * format.by_input(stored_scale(scale, outer, grid), grid)
    return by_scale * unsaturated(latent, grid)


def gradient_of_scale(gradient: Tensor, latent: Tensor, zero: Tensor, grid: format.Grid) -> Tensor:
    """From the weight's gradient to that of its scales."""
    value = format.round_to_grid(latent, grid) - format.by_input(zero, grid)
    return of_groups(gradient * value, zero)


def of_groups(x: Tensor, like: Tensor) -> Tensor:
    """Sums over groups as many as those of [B, R, G]."""
    return torch.sum(torch.reshape(x, [like.shape[0], like.shape[1], like.shape[2], -1]), [-1])


def keep_in_reach(scale: Tensor, before: Tensor, outer: Tensor, grid: format.Grid) -> Tensor:
    """Scales on their own side of zero, within what half precision or multiples can store, in place."""
    side = torch.where(before < 0.0, torch.full_like(before, -1.0), torch.ones_like(before))
    scale.mul_(side).clamp_min_(format.least_half())
    if grid.scale_kind == 3:
        unit, _ = kquant.units(outer, scale.shape[2])
        scale.copy_(torch.minimum(torch.maximum(scale, unit), unit * grid.most))
    return scale.mul_(side)


def move_weight(
    latent: Tensor,
    scale: Tensor,
    zero: Tensor,
    outer: Tensor,
    moments: List[Tensor],
    gradient: Tensor,
    grid: format.Grid,
    adam: Adam,
    scale_rate: float,
) -> Tensor:
    """One step of the latent weights, and of scales and zero points where they can move, in place.
    `moments` are both of the latent weights, then both of the scales, then, where they move, both
    of the zero points, whose rate is that of latent weights: both are in steps.
    """
    of_scale = gradient_of_scale(gradient, latent, zero, grid)
    of_latent = gradient_of_latent(gradient, latent, scale, outer, grid)
    movable = grid.scale_kind == 0 or grid.scale_kind == 3 or grid.scale_kind == 5
    if movable and scale_rate > 0.0:
        before = torch.clone(scale)
        rate = Adam(scale_rate, adam.beta1, adam.beta2, adam.epsilon, adam.step)
        move(scale, of_scale, moments[2], moments[3], rate)
        keep_in_reach(scale, before, outer, grid)
    if has_minima(grid):
        steps = stored_scale(scale, outer, grid)
        move(zero, -steps * of_groups(gradient, zero), moments[4], moments[5], adam)
    return move(latent, of_latent, moments[0], moments[1], adam)


def rounded_to(x: Tensor, dtype: int) -> Tensor:
    """A plain tensor as it will be stored."""
    return x.to(dtype).to(torch.float32)


def divergence(student: Tensor, teacher: Tensor, tokens: float) -> Tensor:
    """Sum over rows of KL(teacher || student) of logits [1, n, V], divided by `tokens`; a scalar."""
    target = torch.log_softmax(teacher, -1)
    own = torch.log_softmax(student, -1)
    return torch.sum(torch.exp(target) * (target - own)) / tokens


def stream_error(x: Tensor, target: Tensor) -> Tuple[Tensor, Tensor]:
    """Mean over tokens of |x - target|^2 / |target|^2 of streams [b, S, H], [1], and its gradient by x.

    Layers read a stream by its direction, so that each token counts by its own length.
    """
    difference = x - target
    square = torch.clamp_min(torch.sum(target * target, [-1], True), 1e-30)
    tokens = float(x.shape[0] * x.shape[1])
    loss = torch.sum(difference * difference / square) / tokens
    return torch.reshape(loss, [1]), difference * (2.0 / tokens) / square


def weighted_divergence(student: Tensor, teacher: Tensor, weights: Tensor) -> Tensor:
    """Sum over rows of weights [n] times KL(teacher || student) of logits [1, n, V]; a scalar."""
    target = torch.log_softmax(teacher, -1)
    own = torch.log_softmax(student, -1)
    rows = torch.sum(torch.exp(target) * (target - own), [-1])
    return torch.sum(torch.flatten(rows) * weights)


def mean_size(x: Tensor) -> Tensor:
    """Of all elements' absolute values, a scalar; 0 of none."""
    return torch.sum(torch.abs(x)) / float(max(1, x.numel()))


def copied(x: Tensor) -> Tensor:
    """The numbers alone."""
    return torch.clone(torch.detach(x))


def stacked(leaf: Tensor) -> Tensor:
    """A leaf [B, R, K], or [R, K] as one of B = 1, without its record."""
    x = torch.detach(leaf)
    if x.dim() == 3:
        return x
    return torch.unsqueeze(x, 0)


def rows(leaf: Tensor, elements: List[int], first: int, last: int) -> Tensor:
    """Rows first..last-1 of some elements of a leaf, [B, R, K]."""
    x = stacked(leaf)
    if len(elements) < x.shape[0]:
        chosen = torch.tensor(elements, dtype=torch.int64, device=x.device)
        x = torch.index_select(x, 0, chosen)
    return x[:, first:last]


def put(leaf: Tensor, weight: Tensor, elements: List[int], first: int, last: int) -> Tensor:
    """The same rows set to [B, R, K], in place."""
    x = stacked(leaf)
    if len(elements) < x.shape[0]:
        chosen = torch.tensor(elements, dtype=torch.int64, device=x.device)
        x[:, first:last].index_copy_(0, chosen, weight)
    else:
        x[:, first:last].copy_(weight)
    return leaf


def put_rounded(leaf: Tensor, value: Tensor, dtype: int) -> Tensor:
    """A plain tensor as it will be stored, in place."""
    torch.detach(leaf).copy_(rounded_to(value, dtype))
    return leaf


def stack(parts: List[Tensor]) -> Tensor:
    """Arrays of one shape as one of one more dimension."""
    return torch.stack(parts, 0)


def one(like: Tensor) -> Tensor:
    """Where the gradient of a scalar begins."""
    return torch.ones_like(like)


def add(sum: Tensor, more: Tensor) -> Tensor:
    """In place."""
    return sum.add_(more)


def copy(target: Tensor, source: Tensor) -> Tensor:
    """In place."""
    return target.copy_(source)


def joined(rows: List[Tensor], shape: List[int]) -> Tensor:
    """Parts [1, n, H] of a stream, one after the other, in the stream's shape."""
    return torch.reshape(torch.cat(rows, 1), shape)


def below(parts: List[Tensor]) -> Tensor:
    """Stacks [B, R, K] with their rows below each other."""
    return torch.cat(parts, 1)
