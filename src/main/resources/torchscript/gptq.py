"""GPTQ (Frantar et al. 2023, arXiv 2210.17323, algorithm 1) over a batch of B linears of one shape.

Matrices are held transposed, [B, K, R] for R outputs and K inputs, so that the paper's columns are
contiguous. H is [B, K, K]: the sum of x x^T over the linear's inputs, weighted by routing where
they are routed.
"""

from typing import List, Tuple

import torch
from torch import Tensor

import format
import kquant


def product(A: Tensor, B: Tensor) -> Tensor:
    """A[b] B[b] of every element, one after the other.

    Libraries choose how to multiply by the size of the batch. An element alone is rounded alike
    whatever shares its batch, so that no result depends on how many elements fitted the memory.
    """
    out = torch.empty([A.shape[0], A.shape[1], B.shape[2]], dtype=A.dtype, device=A.device)
    for b in range(A.shape[0]):
        torch.mm(A[b], B[b], out=out[b])
    return out


def subtract_product(C: Tensor, A: Tensor, B: Tensor) -> Tensor:
    """C[b] -= A[b] B[b] of every element, one after the other, in place."""
    for b in range(C.shape[0]):
        C[b].addmm_(A[b], B[b], beta=1.0, alpha=-1.0)
    return C


def diagonal(H: Tensor) -> Tensor:
    return torch.diagonal(H, dim1=-2, dim2=-1)


def damped(H: Tensor, damp: Tensor) -> Tensor:
    """H plus damp [B] times its mean diagonal.

    Inputs that never fire have a zero diagonal: a one there keeps H invertible and leaves them to
    plain rounding.
    """
    d = diagonal(H)
    # One by one for the same reason as product: the order of a sum depends on how many there are.
    means = torch.stack([torch.mean(d[b]) for b in range(d.shape[0])])
    added = torch.unsqueeze(damp * means, -1) + (d == 0.0).to(torch.float32)
    return H + torch.diag_embed(added)


def inverse_factor(H: Tensor) -> Tuple[Tensor, Tensor]:
    """The upper U with H^-1 = U^T U, and whether there is one [B].

    The paper takes it from the Cholesky factor of H^-1. Reversing rows and columns gives it from one
    factorisation of H: if J H J = L L^T, then U = J L^-1 J.
    """
    U = torch.empty_like(H)
    good = torch.ones([H.shape[0]], dtype=torch.bool, device=H.device)
    eye = torch.eye(H.shape[-1], dtype=H.dtype, device=H.device)
    if H.is_cuda and H.shape[0] > 1:
        return inverse_factors(H, U, good, eye)
    for b in range(H.shape[0]):
        L, info = torch.linalg.cholesky_ex(torch.flip(H[b], [0, 1]))
        U[b] = torch.flip(torch.linalg.solve_triangular(L, eye, upper=False), [0, 1])
        good[b] = torch.logical_and(info == 0, torch.all(torch.isfinite(U[b])))
    return U, good


def inverse_factors(H: Tensor, U: Tensor, good: Tensor, eye: Tensor) -> Tuple[Tensor, Tensor]:
    """The same of several at once, into U and good: a GPU takes matrices together in the time of
    one.

    How many depends on their size alone, the last one coming again where there are fewer, so that
    each is rounded alike whatever shares its batch.
    """
    B, K = H.shape[0], H.shape[1]
    count = max(2, min(32, (1 << 27) // (K * K)))
    padded = (B + count - 1) // count * count
    at = torch.arange(0, padded, dtype=torch.int64, device=H.device)
    at = torch.clamp_max(at, B - 1)
    for first in range(0, B, count):
        those = at[first : first + count]
        L, info = torch.linalg.cholesky_ex(torch.flip(H[those], [1, 2]))
        some = torch.linalg.solve_triangular(L, eye.expand_as(L), upper=False)
        some = torch.flip(some, [1, 2])
        U[those] = some
        finite = torch.all(torch.flatten(torch.isfinite(some), 1), 1)
        good[those] = torch.logical_and(info == 0, finite)
    return U, good


def factorize(H: Tensor, damp: Tensor) -> Tuple[Tensor, Tensor, Tensor]:
    """The inverse factor U of the damped H, the damped H, and the damping that each element took,
    [B]: that of damp [B], or more.

    Damping grows tenfold for just those elements that fail. What fails at the top, and what no
    input ever reached (a Hessian of zeros), gets the identity, that is plain rounding, marked by a
    damping of -1.
    """
    B, K = H.shape[0], H.shape[1]
    used = torch.clone(damp)
    Hd = damped(H, used)
    U, good = inverse_factor(Hd)
    for step in range(4):
        if not bool(torch.all(good)):
            failed = torch.squeeze(torch.nonzero(torch.logical_not(good)), -1)
            # A damping too small for float32 is zero, which no factor raises.
            raised = torch.clamp_min(torch.index_select(used, 0, failed) * 10.0, 1e-6)
            again = damped(torch.index_select(H, 0, failed), raised)
            U_again, good_again = inverse_factor(again)
            used[failed] = raised
            Hd[failed] = again
            U[failed] = U_again
            good[failed] = good_again
    good = torch.logical_and(good, torch.amax(diagonal(H), [-1]) != 0.0)
    if not bool(torch.all(good)):
        failed = torch.squeeze(torch.nonzero(torch.logical_not(good)), -1)
        eye = torch.eye(K, dtype=torch.float32, device=H.device)
        eyes = eye.expand([failed.shape[0], K, K])
        used[failed] = torch.full([failed.shape[0]], -1.0, dtype=torch.float32, device=H.device)
        Hd[failed] = eyes
        U[failed] = eyes
    return U, Hd, used


def reorder(x: Tensor, order: Tensor) -> Tensor:
    """Rows of x [B, K, R] in each element's own order [B, K]."""
    return torch.gather(x, 1, torch.unsqueeze(order, -1).expand_as(x))


def quantize_into(q: Tensor, w: Tensor, scale: Tensor, zero: Tensor, grid: format.Grid) -> Tensor:
    """format.quantize, written in place: a column is so short that every launch counts."""
    if grid.symmetric:
        return torch.mul(format.round_to_grid(w / scale, grid), scale, out=q)
    return torch.mul(format.round_to_grid(w / scale + zero, grid) - zero, scale, out=q)


def error_feedback(
    W: Tensor, U: Tensor, scale: Tensor, zero: Tensor, grid: format.Grid, block: int
) -> Tensor:
    """Algorithm 1: quantize one input after the other, its error spread over those still to come.

    Within the block that happens at once, for the rest when the block is done. Rows of U are
    divided by their diagonal beforehand, where the paper divides each error. scale, zero [B, K, R].
    """
    W = torch.clone(W)
    Q = torch.empty_like(W)
    N = U / torch.unsqueeze(diagonal(U), -1)
    K = W.shape[1]
    for first in range(0, K, block):
        last = min(first + block, K)
        W1, N1 = W[:, first:last], N[:, first:last, first:last]
        Err = torch.empty_like(W1.contiguous())
        for i in range(last - first):
            w, q = W1[:, i], Q[:, first + i]
            quantize_into(q, w, scale[:, first + i], zero[:, first + i], grid)
            err = torch.sub(w, q, out=Err[:, i])
            share = torch.unsqueeze(N1[:, i, i + 1 :], -1)
            W1[:, i + 1 :].addcmul_(share, torch.unsqueeze(err, 1), value=-1.0)
        rest = torch.transpose(N[:, first:last, last:], 1, 2)
        subtract_product(W[:, last:], rest, Err)
    return Q


def coordinate_descent(
    W: Tensor, Q: Tensor, H: Tensor, scale: Tensor, zero: Tensor, grid: format.Grid, block: int
) -> Tensor:
    """One sweep: every weight moves to the grid value that is best while the others stay.

    So the objective tr (W-Q)^T H (W-Q) never grows. Of Residual = H (W - Q) only the rows still to
    be read are kept up to date.
    """
    K = W.shape[1]
    Residual = product(H, W - Q)
    New = torch.empty_like(Q)
    d = torch.unsqueeze(diagonal(H).contiguous(), -1)
    for first in range(0, K, block):
        last = min(first + block, K)
        R1, H1 = torch.clone(Residual[:, first:last]), H[:, first:last, first:last]
        Move = torch.empty_like(R1)
        for i in range(last - first):
            old, new = Q[:, first + i], New[:, first + i]
            optimum = torch.addcdiv(old, R1[:, i], d[:, first + i])
            quantize_into(new, optimum, scale[:, first + i], zero[:, first + i], grid)
            move = torch.sub(new, old, out=Move[:, i])
            share = torch.unsqueeze(H1[:, i + 1 :, i], -1)
            R1[:, i + 1 :].addcmul_(share, torch.unsqueeze(move, 1), value=-1.0)
        subtract_product(Residual[:, last:], H[:, last:, first:last], Move)
    return New


def refit_scales(
    W: Tensor, Q: Tensor, H: Tensor, scale: Tensor, outer: Tensor, grid: format.Grid
) -> Tuple[Tensor, Tensor]:
    """The scales that are best for codes as they are, one group after another.

    Of tr (W-Q)^T H (W-Q) with Q = C s the minimum over one group's s is a quotient. A scale moves
    only where that, as stored, lowers the objective, and keeps its sign; zero points stay. W and Q [B, K, R], scale [B,
    R, G], outer [B]. Returns Q and the scales.
    """
    # Powers of two leave no room.
    if grid.scale_kind == 1:
        return Q, scale
    Q, scale = torch.clone(Q), torch.clone(scale)
    Residual = product(H, W - Q)
    for k in range(scale.shape[2]):
        first, last = k * grid.group_size, (k + 1) * grid.group_size
        s = scale[:, :, k]
        C = Q[:, first:last] / torch.unsqueeze(s, 1)
        slope = torch.sum(C * Residual[:, first:last], [1])
        curvature = torch.sum(C * product(H[:, first:last, first:last], C), [1])
        fitted = s + slope / torch.where(curvature > 0.0, curvature, torch.ones_like(curvature))
        if grid.scale_kind == 0:
            fitted = format.real_scale_like(fitted, s, grid.scale_dtype)
        else:
            of_tensor = torch.unsqueeze(outer, -1)
            fitted = format.e4m3(fitted / of_tensor) * of_tensor
        move = fitted - s
        better = (move * (move * curvature - 2.0 * slope) < 0.0) & (fitted / s > 0.0)
        move = torch.where(better, move, torch.zeros_like(move))
        Step = C * torch.unsqueeze(move, 1)
        scale[:, :, k] = torch.where(better, fitted, s)
        Q[:, first:last] = C * torch.unsqueeze(scale[:, :, k], 1)
        subtract_product(Residual, H[:, :, first:last], Step)
    return Q, scale


def refit(
    W: Tensor,
    Q: Tensor,
    H: Tensor,
    scale: Tensor,
    zero: Tensor,
    outer: Tensor,
    grid: format.Grid,
) -> Tuple[Tensor, Tensor, Tensor]:
    """Scales and what is stored beside them fitted to codes as they are: Q, scale and zero point."""
    if grid.scale_kind == 3 or grid.scale_kind == 5:
        return kquant.refit(W, Q, H, scale, zero, outer, grid)
    Q, scale = refit_scales(W, Q, H, scale, outer, grid)
    return Q, scale, zero


def rows_of(outer: Tensor, first: int, last: int) -> Tensor:
    """What belongs to some outputs of two levels' units, or one scale of the whole tensor."""
    return outer[:, first:last] if outer.dim() == 4 else outer


def weighted_error(W: Tensor, Q: Tensor, H: Tensor) -> Tensor:
    """Per output: (w-q)^T H (w-q), [B, R]."""
    E = W - Q
    return torch.sum(product(H, E).mul_(E), [1])


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
    U, Hd, used = factorize(H, damp)
    if act_order and refit:
        # Groups stand side by side only in the inputs' own order, so that is what sweeps take.
        Hd = both_ways(Hd, back)
    return order, back, H, U, Hd, used


def in_order(
    hessian: Tensor, ordered: Tensor, act_order: bool
) -> Tuple[Tensor, Tensor, Tensor]:
    """The inputs by falling diagonal, for elements whose `ordered` [B] is not zero, and the way back
    [B, K], and the Hessian in the order of the columns.
    """
    order = torch.argsort(diagonal(hessian), stable=True, dim=-1, descending=True)
    own = torch.arange(0, order.shape[1], dtype=torch.int64, device=order.device)
    order = torch.where(torch.unsqueeze(ordered, -1) > 0.0, order, own.expand_as(order))
    back = torch.argsort(order, stable=True, dim=-1, descending=False)
    return order, back, both_ways(hessian, order) if act_order else hessian


def both_ways(H: Tensor, order: Tensor) -> Tensor:
    """Rows and columns of H [B, K, K] in an order."""
    return reorder(torch.transpose(reorder(H, order), 1, 2), order).contiguous()


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
        energies.append(torch.sum(product(hessian, W).mul_(W), [1]))
        rounded = format.quantize(W, S, Z, grid)
        rounding_errors.append(weighted_error(W, rounded, hessian))
        if act_order and refit:
            Q = error_feedback(
                reorder(W, order), U, reorder(S, order), reorder(Z, order), grid, block
            )
            Q = reorder(Q, back)
        else:
            if act_order:
                W, S, Z = reorder(W, order), reorder(S, order), reorder(Z, order)
            Q = error_feedback(W, U, S, Z, grid, block)
        for sweep in range(sweeps):
            if refit:
                s, z = fitted[:, first:last], zeros[:, first:last]
                Q, s, z = refit(W, Q, Hd, s, z, rows_of(outer, first, last), grid)
                fitted[:, first:last], zeros[:, first:last] = s, z
                S, Z = by_column(s, grid), by_column(z, grid)
            Q = coordinate_descent(W, Q, Hd, S, Z, grid, block)
        if act_order and not refit:
            errors.append(weighted_error(W, Q, H))
            Q = reorder(Q, back)
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


def sampled_rows(weight: Tensor, count: int) -> Tensor:
    """At most `count` evenly spaced outputs of weight [B, R, K]."""
    R = weight.shape[1]
    if R <= count:
        return weight
    at = torch.arange(0, count, dtype=torch.int64, device=weight.device)
    at = torch.floor_divide(at * R, count)
    return torch.index_select(weight, 1, at)


def several(x: Tensor, times: int) -> Tensor:
    """x [B, ...] so many times, one after the other."""
    return torch.cat([x] * times, 0)


def without(hessian: Tensor, part: Tensor) -> Tensor:
    """A Hessian without that of some of its tokens."""
    return hessian - part


def error_on(weight: Tensor, quantized: Tensor, hessian: Tensor) -> Tensor:
    """tr E H E^T of the errors E of weight [B, R, K] on other tokens' hessian [B, K, K], [B]."""
    E = torch.transpose(weight - quantized, 1, 2).contiguous()
    each = torch.flatten(product(hessian, E).mul_(E), 1)
    # One by one, as in damped.
    return torch.stack([torch.sum(each[b]) for b in range(each.shape[0])])


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
