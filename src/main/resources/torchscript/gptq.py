"""GPTQ (Frantar et al. 2023, arXiv 2210.17323, algorithm 1) over a batch of B linears of one shape:
the factor of the Hessian, error feedback, and the descent and refits that polish its result.

Matrices are held transposed, [B, K, R] for R outputs and K inputs, so that the paper's columns are
contiguous. H is [B, K, K]: the sum of x x^T over the linear's inputs, weighted by routing where
they are routed.
"""

from typing import Tuple

import torch
from torch import Tensor

import format
import kquant
import matrices


def damped(H: Tensor, damp: Tensor) -> Tensor:
    """H plus damp [B] times its mean diagonal.

    Inputs that never fire have a zero diagonal: a one there keeps H invertible and leaves them to
    plain rounding.
    """
    d = matrices.diagonal(H)
    # One by one for the same reason as matrices.product: the order of a sum depends on how many
    # there are.
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
    good = torch.logical_and(good, torch.amax(matrices.diagonal(H), [-1]) != 0.0)
    if not bool(torch.all(good)):
        failed = torch.squeeze(torch.nonzero(torch.logical_not(good)), -1)
        eye = torch.eye(K, dtype=torch.float32, device=H.device)
        eyes = eye.expand([failed.shape[0], K, K])
        used[failed] = torch.full([failed.shape[0]], -1.0, dtype=torch.float32, device=H.device)
        Hd[failed] = eyes
        U[failed] = eyes
    return U, Hd, used


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
    N = U / torch.unsqueeze(matrices.diagonal(U), -1)
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
        matrices.subtract_product(W[:, last:], rest, Err)
    return Q


def coordinate_descent(
    W: Tensor, Q: Tensor, H: Tensor, scale: Tensor, zero: Tensor, grid: format.Grid, block: int
) -> Tensor:
    """One sweep: every weight moves to the grid value that is best while the others stay.

    So the objective tr (W-Q)^T H (W-Q) never grows. Of Residual = H (W - Q) only the rows still to
    be read are kept up to date.
    """
    K = W.shape[1]
    Residual = matrices.product(H, W - Q)
    New = torch.empty_like(Q)
    d = torch.unsqueeze(matrices.diagonal(H).contiguous(), -1)
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
        matrices.subtract_product(Residual[:, last:], H[:, last:, first:last], Move)
    return New


def refit_scales(
    W: Tensor, Q: Tensor, H: Tensor, scale: Tensor, outer: Tensor, grid: format.Grid
) -> Tuple[Tensor, Tensor]:
    """The scales that are best for codes as they are, one group after another.

    Of tr (W-Q)^T H (W-Q) with Q = C s the minimum over one group's s is a quotient. A scale moves
    only where that, as stored, lowers the objective, and keeps its sign; zero points stay. W and Q
    [B, K, R], scale [B, R, G], outer [B]. Returns Q and the scales.
    """
    # Powers of two leave no room.
    if grid.scale_kind == 1:
        return Q, scale
    Q, scale = torch.clone(Q), torch.clone(scale)
    Residual = matrices.product(H, W - Q)
    for k in range(scale.shape[2]):
        first, last = k * grid.group_size, (k + 1) * grid.group_size
        s = scale[:, :, k]
        C = Q[:, first:last] / torch.unsqueeze(s, 1)
        slope = torch.sum(C * Residual[:, first:last], [1])
        curvature = torch.sum(C * matrices.product(H[:, first:last, first:last], C), [1])
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
        matrices.subtract_product(Residual, H[:, :, first:last], Step)
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
