"""The search for the scale and zero point of every group, which stay as they are while codes are
solved.
"""

from typing import List, Tuple

import torch
from torch import Tensor

import format


def search(
    w: Tensor, importance: Tensor, grid: format.Grid, steps: int, outer: Tensor, rows: int
) -> Tuple[Tensor, Tensor]:
    """Of `steps` candidates the one with the least squared rounding error wins, group by group.

    w [B, R, K]; importance [B, K], what an input's squared error counts, or an empty tensor for all
    alike; outer [B]; `rows` outputs at once. Returns scale and zero point, [B, R, G].
    """
    R, K = w.shape[1], w.shape[2]
    if K % grid.group_size != 0:
        raise ValueError("group_size {} does not divide {} inputs".format(grid.group_size, K))
    scales: List[Tensor] = []
    zeros: List[Tensor] = []
    for first in range(0, R, rows):
        part = w[:, first : min(first + rows, R)]
        shape = [part.shape[0], part.shape[1], K // grid.group_size, grid.group_size]
        groups = torch.reshape(part, shape)
        scale, zero = best(groups, importance, grid, steps, torch.reshape(outer, [-1, 1, 1]))
        scales.append(scale)
        zeros.append(zero)
    return torch.cat(scales, 1), torch.cat(zeros, 1)


def best(
    groups: Tensor, importance: Tensor, grid: format.Grid, steps: int, outer: Tensor
) -> Tuple[Tensor, Tensor]:
    """groups [B, R, G, g]"""
    amax = torch.amax(torch.abs(groups), [-1])
    best_scale, best_zero = candidate(groups, amax, grid, steps, outer, 0)
    best_error = torch.full_like(best_scale, float("inf"))
    for i in range(candidates(grid, steps)):
        scale, zero = candidate(groups, amax, grid, steps, outer, i)
        error = rounding_error(groups, importance, scale, zero, grid)
        better = error < best_error
        best_error = torch.where(better, error, best_error)
        best_scale = torch.where(better, scale, best_scale)
        best_zero = torch.where(better, zero, best_zero)
    return best_scale, best_zero


def turned(w: Tensor, group_size: int, first: int, last: int) -> Tuple[Tensor, Tensor]:
    """Rows of w [B, R, K] with those groups negated whose greatest weight is above their least one's
    size, and each group's sign [B, n, G]: a grid such as -8 to 7 reaches further down.
    """
    part = w[:, first:last]
    shape = [part.shape[0], part.shape[1], part.shape[2] // group_size, group_size]
    groups = torch.reshape(part, shape)
    side = torch.ones([shape[0], shape[1], shape[2]], dtype=torch.float32, device=w.device)
    up = torch.amax(groups, [-1]) > -torch.amin(groups, [-1])
    side = torch.where(up, -side, side)
    return torch.reshape(groups * torch.unsqueeze(side, -1), part.shape), side


def with_signs(scale: Tensor, side: Tensor) -> Tensor:
    return scale * side


def joined(rows: List[Tensor]) -> Tensor:
    """Parts [B, n, G] below each other."""
    return torch.cat(rows, 1)


def rounding_error(
    groups: Tensor, importance: Tensor, scale: Tensor, zero: Tensor, grid: format.Grid
) -> Tensor:
    """Of every group, [B, R, G]: the norm of its rounding error, or its weighted square."""
    s, z = torch.unsqueeze(scale, -1), torch.unsqueeze(zero, -1)
    if grid.symmetric:
        rounded = format.round_to_grid(groups / s, grid).mul_(s)
        difference = rounded.sub_(groups)
    else:
        difference = format.quantize(groups, s, z, grid) - groups
    if importance.numel() == 0:
        return torch.linalg.vector_norm(difference, 2, [-1])
    shape = [groups.shape[0], 1, groups.shape[2], groups.shape[3]]
    return torch.sum(difference.square_() * torch.reshape(importance, shape), [-1])


def candidates(grid: format.Grid, steps: int) -> int:
    """How many scales are tried for each group."""
    if steps == 1 or grid.scale_kind == 0 or grid.scale_kind == 5:
        return steps
    return 3 if grid.scale_kind == 1 else 8


def candidate(
    groups: Tensor, amax: Tensor, grid: format.Grid, steps: int, outer: Tensor, i: int
) -> Tuple[Tensor, Tensor]:
    """Scale and zero point number i of every group, [B, R, G]; the first is the plain absolute
    maximum.
    """
    none = torch.zeros_like(amax)
    if grid.scale_kind == 1:
        return format.power_of_two_scale(amax, grid.greatest, [0, -1, 1][i]), none
    if grid.scale_kind == 2 or grid.scale_kind == 4 or grid.scale_kind == 6:
        shift = [0, -1, 1, -2, 2, -3, 3, -4][i]
        return format.e4m3_scale(amax, grid.greatest, outer, shift), none
    shrink = 1.0 - 0.6 * float(i) / float(steps)
    if grid.symmetric:
        reach = grid.greatest if grid.floating else 0.5 * (grid.greatest - grid.least)
        wanted = amax * (shrink / reach)
        if grid.table:
            # No value is zero: what stands for a group of zeros must be next to none.
            wanted = torch.clamp_min(wanted, format.least_half())
        return format.real_scale(wanted, grid.scale_dtype), none
    least = torch.clamp_max(torch.amin(groups, [-1]), 0.0) * shrink
    greatest = torch.clamp_min(torch.amax(groups, [-1]), 0.0) * shrink
    scale = format.real_scale((greatest - least) / (grid.greatest - grid.least), grid.scale_dtype)
    zero = torch.clamp(torch.round(grid.least - least / scale), grid.least, grid.greatest)
    return scale, zero


def importance(hessian: Tensor, weighted: bool) -> Tensor:
    """What an input's squared error counts: the Hessian's diagonal [B, K], or empty for all alike."""
    if not weighted:
        return torch.empty([0], dtype=torch.float32, device=hessian.device)
    return torch.diagonal(hessian, dim1=-2, dim2=-1).contiguous()
