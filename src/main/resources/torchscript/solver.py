"""The steps of gptq.py on weights as they are stored, [B, R, K], some outputs at a time, and plain
rounding for comparison.
"""

from typing import List, Tuple

import torch
from torch import Tensor

import format
import gptq
import matrices


def weighted_error(W: Tensor, Q: Tensor, H: Tensor) -> Tensor:
    """Per output: (w-q)^T H (w-q), [B, R]."""
    E = W - Q
    return torch.sum(matrices.product(H, E).mul_(E), [1])


def by_column(x: Tensor, grid: format.Grid) -> Tensor:
    """Scales or zero points [B, R, G] for every weight, transposed: [B, K, R]."""
    return torch.repeat_interleave(torch.transpose(x, 1, 2), grid.group_size, 1)


def prepare(
    hessian: Tensor, damp: Tensor, ordered: Tensor, act_order: bool, refit: bool
) -> Tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]:
    """What all rows share: the order of the inputs as in_order gives it and the way back [B, K], the
    Hessian and its inverse factor in that order, the damped Hessian in the order of the sweeps, the
    damping [B].
    """
    order, back, H = in_order(hessian, ordered, act_order)
    U, Hd, used = gptq.factorize(H, damp)
    if act_order and refit:
        # Groups stand side by side only in the inputs' own order, so that is what sweeps take.
        Hd = matrices.both_ways(Hd, back)
    return order, back, H, U, Hd, used


def in_order(
    hessian: Tensor, ordered: Tensor, act_order: bool
) -> Tuple[Tensor, Tensor, Tensor]:
    """The inputs by falling diagonal, for elements whose `ordered` [B] is not zero, and the way back
    [B, K], and the Hessian in the order of the columns.
    """
    order = torch.argsort(matrices.diagonal(hessian), stable=True, dim=-1, descending=True)
    own = torch.arange(0, order.shape[1], dtype=torch.int64, device=order.device)
    order = torch.where(torch.unsqueeze(ordered, -1) > 0.0, order, own.expand_as(order))
    back = torch.argsort(order, stable=True, dim=-1, descending=False)
    return order, back, matrices.both_ways(hessian, order) if act_order else hessian


def solve(
    weight: Tensor,
    hessian: Tensor,
    scale: Tensor,
    zero: Tensor,
    outer: Tensor,
    grid: format.Grid,
    damp: Tensor,
    ordered: Tensor,
    block: int,
    act_order: bool,
    sweeps: int,
    refit: bool,
    rows: int,
) -> Tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]:
    """weight [B, R, K], hessian [B, K, K], scale and zero [B, R, G] as scales.search gives them,
    outer [B], or [B, R, K / 256, 1 or 2] of two levels, damp [B].

    Given the Hessian the outputs do not depend on each other: `rows` of them are solved at once.
    With act_order the inputs with the largest diagonal come first, for elements that `ordered` [B]
    says. Each of the sweeps of coordinate
    descent begins with refitted scales (and minima), if asked.

    Returns the quantized weight [B, R, K], its scales, the error of plain rounding, the error
    reached and the output energy, each per output [B, R], the damping used [B] (-1: not
    invertible, plain rounding) and the zero points.
    """
    B, R, K = weight.shape[0], weight.shape[1], weight.shape[2]
    if hessian.shape[0] != B or hessian.shape[1] != K or hessian.shape[2] != K:
        raise ValueError("hessian must be [{}, {}, {}] but is {}".format(B, K, K, hessian.shape))
    if K % grid.group_size != 0:
        raise ValueError("group_size {} does not divide {} inputs".format(grid.group_size, K))
    order, back, H, U, Hd, used = prepare(hessian, damp, ordered, act_order, refit)
    quantized = torch.empty_like(weight.contiguous())
    fitted, zeros = torch.clone(scale), torch.clone(zero)
    rounding_errors: List[Tensor] = []
    errors: List[Tensor] = []
    energies: List[Tensor] = []
    for first in range(0, R, rows):
        last = min(first + rows, R)
        W = torch.transpose(weight[:, first:last], 1, 2).contiguous()
        S, Z = by_column(scale[:, first:last], grid), by_column(zero[:, first:last], grid)
        energies.append(torch.sum(matrices.product(hessian, W).mul_(W), [1]))
        rounded = format.quantize(W, S, Z, grid)
        rounding_errors.append(weighted_error(W, rounded, hessian))
        if act_order and refit:
            Q = gptq.error_feedback(
                matrices.reorder(W, order),
                U,
                matrices.reorder(S, order),
                matrices.reorder(Z, order),
                grid,
                block,
            )
            Q = matrices.reorder(Q, back)
        else:
            if act_order:
                W = matrices.reorder(W, order)
                S, Z = matrices.reorder(S, order), matrices.reorder(Z, order)
            Q = gptq.error_feedback(W, U, S, Z, grid, block)
        for sweep in range(sweeps):
            if refit:
                s, z = fitted[:, first:last], zeros[:, first:last]
                Q, s, z = gptq.refit(W, Q, Hd, s, z, gptq.rows_of(outer, first, last), grid)
                fitted[:, first:last], zeros[:, first:last] = s, z
                S, Z = by_column(s, grid), by_column(z, grid)
            Q = gptq.coordinate_descent(W, Q, Hd, S, Z, grid, block)
        if act_order and not refit:
            errors.append(weighted_error(W, Q, H))
            Q = matrices.reorder(Q, back)
        else:
            errors.append(weighted_error(W, Q, hessian))
        quantized[:, first:last] = torch.transpose(Q, 1, 2)
    return (
        quantized,
        fitted,
        torch.cat(rounding_errors, 1),
        torch.cat(errors, 1),
        torch.cat(energies, 1),
        used,
        zeros,
    )


def numbers(arrays: List[Tensor]) -> Tensor:
    """All numbers of some arrays, to be read at once."""
    return torch.cat([torch.flatten(x).to(torch.float32) for x in arrays])


def nearest(
    weight: Tensor, scale: Tensor, zero: Tensor, grid: format.Grid, rows: int
) -> Tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]:
    """The nearest grid values without any Hessian, in the shape of solve's result; errors are sums
    of squares.
    """
    quantized = torch.empty_like(weight.contiguous())
    for first in range(0, weight.shape[1], rows):
        last = min(first + rows, weight.shape[1])
        S = format.by_input(scale[:, first:last], grid)
        Z = format.by_input(zero[:, first:last], grid)
        quantized[:, first:last] = format.quantize(weight[:, first:last], S, Z, grid)
    error = torch.sum((weight - quantized) * (weight - quantized), [-1])
    damp = torch.full([weight.shape[0]], -1.0, dtype=torch.float32, device=weight.device)
    energy = torch.sum(weight * weight, [-1])
    return quantized, torch.clone(scale), error, torch.clone(error), energy, damp
