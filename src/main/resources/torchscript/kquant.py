"""Two levels of scales, as GGUF's K-quants have them: of each 256 weights of a row the groups'
scales are whole multiples of one half-precision number and, where there are minima, these of
another (llama.cpp, ggml-common.h). Both levels are searched before any code is chosen, so that the
solver meets the very grid that is stored.

groups [B, R, G, g], importance of the inputs [B, 1, G, g]; all of a group's numbers [B, R, G].
"""

from typing import List, Tuple

import torch
from torch import Tensor

import format
import matrices


def fitted(
    groups: Tensor, importance: Tensor, q: Tensor, scale: Tensor, offset: Tensor
) -> Tuple[Tensor, Tensor]:
    """Least squares of groups = scale q + offset for given codes, offset at most 0."""
    n = torch.sum(importance.expand_as(groups), [-1])
    sq = torch.sum(importance * q, [-1])
    sqq = torch.sum(importance * q * q, [-1])
    sx = torch.sum(importance * groups, [-1])
    sqx = torch.sum(importance * q * groups, [-1])
    determinant = n * sqq - sq * sq
    s = (n * sqx - sq * sx) / determinant
    b = (sqq * sx - sq * sqx) / determinant
    alone = sqx / sqq
    s = torch.where(b > 0.0, alone, s)
    b = torch.clamp_max(b, 0.0)
    good = torch.logical_and(torch.isfinite(s), torch.logical_and(torch.isfinite(b), s > 0.0))
    return torch.where(good, s, scale), torch.where(good, b, offset)


def codes_of(
    groups: Tensor, scale: Tensor, offset: Tensor, least: float, greatest: float
) -> Tensor:
    steps = (groups - torch.unsqueeze(offset, -1)) / torch.unsqueeze(scale, -1)
    return torch.clamp(torch.round(steps), least, greatest)


def error_of(
    groups: Tensor, importance: Tensor, q: Tensor, scale: Tensor, offset: Tensor
) -> Tensor:
    difference = q * torch.unsqueeze(scale, -1) + torch.unsqueeze(offset, -1) - groups
    return torch.sum(importance * difference * difference, [-1])


def above_zero(x: Tensor) -> Tensor:
    return torch.where(x > 0.0, x, torch.ones_like(x))


def first_level(
    groups: Tensor, importance: Tensor, least: float, greatest: float, minima: bool, steps: int
) -> Tuple[Tensor, Tensor]:
    """Real scale and offset of every group: ranges shrunk by steps, each fitted to its codes."""
    low, high = torch.amin(groups, [-1]), torch.amax(groups, [-1])
    amax = torch.maximum(torch.abs(low), torch.abs(high))
    # A grid without minimum reaches one step further down than up: it is turned to the larger side.
    side = torch.where(torch.abs(low) > high, torch.ones_like(low), torch.full_like(low, -1.0))
    none = torch.zeros_like(amax)
    best_scale, best_offset = torch.ones_like(amax), none
    best_error = torch.full_like(amax, float("inf"))
    for i in range(steps):
        shrink = 1.0 - 0.6 * float(i) / float(steps)
        if minima:
            offset = torch.clamp_max(low, 0.0) * shrink
            scale = above_zero((torch.clamp_min(high, 0.0) * shrink - offset) / (greatest - least))
            q = codes_of(groups, scale, offset, least, greatest)
            scale, offset = fitted(groups, importance, q, scale, offset)
        else:
            offset = none
            scale = side * above_zero(amax * shrink / -least)
            q = codes_of(groups, scale, offset, least, greatest)
            fit = torch.sum(importance * q * groups, [-1]) / torch.sum(importance * q * q, [-1])
            scale = torch.where(torch.logical_and(torch.isfinite(fit), fit != 0.0), fit, scale)
        q = codes_of(groups, scale, offset, least, greatest)
        error = error_of(groups, importance, q, scale, offset)
        better = error < best_error
        best_error = torch.where(better, error, best_error)
        best_scale = torch.where(better, scale, best_scale)
        best_offset = torch.where(better, offset, best_offset)
    return best_scale, best_offset


def unit(largest: Tensor, most: float) -> Tensor:
    """What the largest is `most` times of, in half precision and never zero: [B, R, S]."""
    half = (largest / most).to(torch.float16).to(torch.float32)
    stored = torch.clamp(half, format.least_half(), 65504.0)
    return torch.where(largest > 0.0, stored, torch.ones_like(stored))


def per_group(x: Tensor, groups: int) -> Tensor:
    return torch.repeat_interleave(x, groups, -1)


def per_block(x: Tensor, groups: int) -> Tensor:
    return torch.reshape(x, [x.shape[0], x.shape[1], -1, groups])


def second_level(
    groups: Tensor,
    importance: Tensor,
    scale: Tensor,
    offset: Tensor,
    least: float,
    greatest: float,
    minima: bool,
    least_multiple: float,
    most: float,
    per: int,
    steps: int,
) -> Tuple[Tensor, Tensor, Tensor]:
    """The two units of each block of `per` groups, tried around those that just hold the largest;
    with each the multiples nearest to the first level's. Returns scale, offset and units [B, R,
    S, 1 or 2].
    """
    # Units of scales that belong to groups of zeros do not count.
    used = torch.amax(torch.abs(groups), [-1]) > 0.0
    counted = torch.where(used, torch.abs(scale), torch.zeros_like(scale))
    largest = torch.amax(per_block(counted, per), [-1])
    deepest = torch.amax(per_block(-offset, per), [-1])
    best_scale, best_offset = scale, offset
    best_d, best_m = largest, deepest
    best_error = torch.full_like(largest, float("inf"))
    for i in range(steps):
        stretch = 1.0 + 0.03 * float((i + 1) // 2) * (1.0 if i % 2 == 0 else -1.0)
        d = unit(largest * stretch, most)
        D = per_group(d, per)
        multiple = torch.clamp(torch.round(scale / D), least_multiple, most)
        # A multiple of zero would leave a group no grid.
        multiple = torch.where(multiple == 0.0, torch.ones_like(multiple), multiple)
        s = D * multiple
        m = unit(deepest, most)
        b = offset
        if minima:
            M = per_group(m, per)
            b = -M * torch.clamp(torch.round(-offset / M), 0.0, most)
            for again in range(2):
                # The best offset for the codes that these scales give, in its own multiples.
                q = codes_of(groups, s, b, least, greatest)
                n = torch.sum(importance.expand_as(groups), [-1])
                rest = torch.sum(importance * (groups - q * torch.unsqueeze(s, -1)), [-1]) / n
                rest = torch.where(torch.isfinite(rest), rest, b)
                b = -M * torch.clamp(torch.round(-rest / M), 0.0, most)
        q = codes_of(groups, s, b, least, greatest)
        error = torch.sum(per_block(error_of(groups, importance, q, s, b), per), [-1])
        better = error < best_error
        best_error = torch.where(better, error, best_error)
        wide = per_group(better, per)
        best_scale = torch.where(wide, s, best_scale)
        best_offset = torch.where(wide, b, best_offset)
        best_d = torch.where(better, d, best_d)
        best_m = torch.where(better, m, best_m)
    units = [best_d, best_m] if minima else [best_d]
    return best_scale, best_offset, torch.stack(units, -1)


def search(
    w: Tensor,
    importance: Tensor,
    least: float,
    greatest: float,
    group_size: int,
    minima: bool,
    least_multiple: float,
    most: float,
    steps: int,
    rows: int,
) -> Tuple[Tensor, Tensor, Tensor]:
    """w [B, R, K], importance [B, K], or [0] where all inputs count the same. Returns scale and
    zero point [B, R, G], where (code - zero) * scale is code * scale + offset, and the units [B,
    R, K / 256, 1 or 2].
    """
    B, R, K = w.shape[0], w.shape[1], w.shape[2]
    if K % 256 != 0:
        raise ValueError("rows must be multiples of 256 but have {} inputs".format(K))
    h = importance
    if importance.numel() == 0:
        h = torch.ones([B, K], dtype=torch.float32, device=w.device)
    # Inputs that never fire count a little, so that a group of them has a scale.
    h = h + 1e-6 * torch.mean(h, [-1], True) + 1e-30
    h = torch.reshape(h, [B, 1, K // group_size, group_size])
    scales: List[Tensor] = []
    zeros: List[Tensor] = []
    outers: List[Tensor] = []
    for first in range(0, R, rows):
        part = w[:, first : min(first + rows, R)]
        groups = torch.reshape(part, [B, part.shape[1], K // group_size, group_size])
        scale, offset = first_level(groups, h, least, greatest, minima, steps)
        per = 256 // group_size
        scale, offset, units = second_level(
            groups, h, scale, offset, least, greatest, minima, least_multiple, most, per, 9
        )
        scales.append(scale)
        zeros.append(-offset / scale)
        outers.append(units)
    return torch.cat(scales, 1), torch.cat(zeros, 1), torch.cat(outers, 1)


def refit(
    W: Tensor, Q: Tensor, H: Tensor, scale: Tensor, zero: Tensor, outer: Tensor, grid: format.Grid
) -> Tuple[Tensor, Tensor, Tensor]:
    """The scales and minima that are best for codes as they are, one group after another.

    With Q = C s + m, tr (W-Q)^T H (W-Q) is a quadratic of a group's s and m. Of the stored scales
    next to its minimum, each with the stored minimum that is best beside it, the best is taken, if
    it lowers the objective; the units of two levels stay. W and Q [B, K, R], scale and zero [B, R,
    G], outer [B, R, K / 256, 1 or 2], or [B] for minima in half precision. Returns Q, scale and
    zero.
    """
    Q, scale, zero = torch.clone(Q), torch.clone(scale), torch.clone(zero)
    Residual = matrices.product(H, W - Q)
    for k in range(scale.shape[2]):
        first, last = k * grid.group_size, (k + 1) * grid.group_size
        s, least = scale[:, :, k], 0.0 if grid.symmetric else grid.least
        unit, minimum_unit = units_of(outer, k, grid)
        m = as_stored((least - zero[:, :, k]) * s, minimum_unit, grid)
        C = torch.round((Q[:, first:last] - torch.unsqueeze(m, 1)) / torch.unsqueeze(s, 1))
        move, lift = steps_of(
            C, Residual[:, first:last], H[:, first:last, first:last], s, m, unit, minimum_unit, grid
        )
        Step = C * torch.unsqueeze(move, 1) + torch.unsqueeze(lift, 1)
        Q[:, first:last] = Q[:, first:last] + Step
        zero[:, :, k] = least - (m + lift) / (s + move)
        scale[:, :, k] = s + move
        matrices.subtract_product(Residual, H[:, :, first:last], Step)
    return Q, scale, zero


def units_of(outer: Tensor, group: int, grid: format.Grid) -> Tuple[Tensor, Tensor]:
    """What a group's scale and minimum are multiples of, [B, R]."""
    if grid.scale_kind != 3:
        return outer, outer
    of_block = outer[:, :, group * grid.group_size // 256]
    return of_block[:, :, 0], of_block[:, :, of_block.shape[2] - 1]


def units(outer: Tensor, groups: int) -> Tuple[Tensor, Tensor]:
    """What each of a row's groups' scale and minimum are multiples of, [B, R, G]."""
    per = groups // outer.shape[2]
    return per_group(outer[:, :, :, 0], per), per_group(outer[:, :, :, outer.shape[3] - 1], per)


def steps_of(
    C: Tensor,
    Residual: Tensor,
    H: Tensor,
    s: Tensor,
    m: Tensor,
    unit: Tensor,
    minimum_unit: Tensor,
    grid: format.Grid,
) -> Tuple[Tensor, Tensor]:
    """How far a group's scale and minimum move, [B, R], zero where they stay: C and Residual [B, g,
    R], H [B, g, g].
    """
    minima = not grid.symmetric
    HC = matrices.product(H, C)
    slope, lift_slope = torch.sum(C * Residual, [1]), torch.sum(Residual, [1])
    curvature, cross = torch.sum(C * HC, [1]), torch.sum(HC, [1])
    flat = torch.unsqueeze(torch.sum(H, [1, 2]), -1).expand_as(cross)
    determinant = curvature * flat - cross * cross
    s_best = slope / curvature
    m_best = torch.zeros_like(s)
    if minima:
        s_best = (flat * slope - cross * lift_slope) / determinant
        m_best = (curvature * lift_slope - cross * slope) / determinant
    s_best, m_best = s + finite(s_best), m + finite(m_best)
    best, best_move, best_lift = torch.zeros_like(s), torch.zeros_like(s), torch.zeros_like(s)
    reach = 2 if grid.scale_kind == 3 else 0
    # Scales next to the best, each with the minimum that is best beside it, then the other way.
    for i in range(4 * reach + 2 if minima else 2 * reach + 1):
        if i < 2 * reach + 1:
            move = nearby(s_best, unit, float(i - reach), grid) - s
            lift = torch.zeros_like(s)
            if minima:
                beside = m + finite((lift_slope - cross * move) / flat)
                lift = as_stored(beside, minimum_unit, grid) - m
        else:
            away = minimum_unit * float(i - 3 * reach - 1) if reach > 0 else torch.zeros_like(m)
            lift = as_stored(m_best + away, minimum_unit, grid) - m
            beside = s + finite((slope - cross * lift) / curvature)
            move = nearby(beside, unit, 0.0, grid) - s
        gain = move * (move * curvature - 2.0 * slope) + lift * (
            lift * flat - 2.0 * lift_slope + 2.0 * cross * move
        )
        better = torch.logical_and(gain < best, s + move != 0.0)
        best = torch.where(better, gain, best)
        best_move = torch.where(better, move, best_move)
        best_lift = torch.where(better, lift, best_lift)
    return best_move, best_lift


def finite(x: Tensor) -> Tensor:
    return torch.where(torch.isfinite(x), x, torch.zeros_like(x))


def nearby(wanted: Tensor, unit: Tensor, step: float, grid: format.Grid) -> Tensor:
    """The stored scale that is `step` multiples from the nearest; none is zero."""
    if grid.scale_kind != 3:
        return format.real_scale(wanted, grid.scale_dtype)
    least = -grid.most if grid.symmetric else 1.0
    return unit * torch.clamp(torch.round(wanted / unit) + step, least, grid.most)


def as_stored(minimum: Tensor, unit: Tensor, grid: format.Grid) -> Tensor:
    """The nearest minimum that a file holds."""
    if grid.scale_kind != 3:
        return minimum.to(torch.float16).to(torch.float32)
    return -unit * torch.clamp(torch.round(-minimum / unit), 0.0, grid.most)


def half_minima(scale: Tensor, zero: Tensor, least: float) -> Tensor:
    """Zero points for which code * scale + minimum has a minimum that half precision holds."""
    minimum = ((least - zero) * scale).to(torch.float16).to(torch.float32)
    return least - minimum / scale


def minima(scale: Tensor, zero: Tensor, least: float, outer: Tensor) -> Tensor:
    """The stored minima that belong to zero points, [B, R, G]: halves, or whole multiples of each
    block's second unit.
    """
    minimum = (least - zero) * scale
    if outer.dim() < 4:
        return minimum.to(torch.float16).to(torch.float32)
    if outer.shape[3] == 1:
        return torch.zeros_like(minimum)
    per = scale.shape[2] // outer.shape[2]
    unit = torch.repeat_interleave(outer[:, :, :, 1], per, -1)
    return unit * torch.round(minimum / unit)


def stored_values(
    codes: Tensor,
    scale: Tensor,
    zero: Tensor,
    outer: Tensor,
    least: float,
    group_size: int,
    with_minima: bool,
) -> Tensor:
    """The weights as an engine reads them, in its order of operations, from codes counted from 0:
    [B, R, K] float32.
    """
    S = torch.repeat_interleave(scale, group_size, -1)
    if not with_minima:
        return (codes.to(torch.float32) + least) * S
    M = torch.repeat_interleave(minima(scale, zero, least, outer), group_size, -1)
    return codes.to(torch.float32) * S + M
