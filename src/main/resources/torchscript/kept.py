"""Hessians as they are kept for later: the upper triangle, row by row, of K (K + 1) / 2 numbers, and
beside each what shrinking it asks of the tokens that it was summed over.
"""

from typing import List

import torch
from torch import Tensor

import moments
import shrinkage


def upper(size: int, like: Tensor) -> Tensor:
    """Where the upper triangle is, bool [K, K]."""
    return torch.triu(torch.ones([size, size], dtype=torch.bool, device=like.device))


def packed(H: Tensor, element: int, dtype: int) -> Tensor:
    """The triangle of H[element] [K, K]."""
    return torch.masked_select(H[element], upper(H.shape[1], H)).to(dtype).contiguous()


def place(H: Tensor, element: int, triangle: Tensor) -> Tensor:
    """H[element] [K, K] = the symmetric matrix of a triangle, in place."""
    K = H.shape[1]
    own = H[element]
    own.zero_()
    own.masked_scatter_(upper(K, H), triangle.to(torch.float32))
    return own.add_(torch.transpose(torch.triu(own, 1), 0, 1))


def empty(like: Tensor, count: int, size: int) -> Tensor:
    """Room for Hessians [count, K, K]."""
    return torch.empty([count, size, size], dtype=torch.float32, device=like.device)


def statistics(
    weights: Tensor,
    offsets: List[int],
    first: int,
    last: int,
    power: float,
    fourth: Tensor,
    largest: Tensor,
) -> Tensor:
    """Of experts first..last-1, float64 [C, 5]: how many tokens, the sum of w, of w^2 and of
    w^2 |x|^4 over them, and the largest absolute input.
    """
    rows: List[Tensor] = []
    for e in range(first, last):
        own, squares = moments.weight_sums(weights, offsets, e, power)
        tokens = float(offsets[e + 1] - offsets[e])
        sums = torch.tensor([tokens, own, squares], dtype=torch.float64)
        moment = torch.reshape(fourth[e - first], [1]).to(torch.float64).cpu()
        most = torch.reshape(largest[e - first], [1]).to(torch.float64).cpu()
        rows.append(torch.cat([sums, moment, most], 0))
    return torch.stack(rows)


def shrink(H: Tensor, mean: Tensor, statistics: List[float], each: float, tokens: float) -> Tensor:
    """Draws Hessians H [C, K, K] towards the layer's, in place; returns what part of each the layer's
    is then, [C].

    `mean` is what a (token, slot) pair of the layer adds on average and `each` what it counts.
    `statistics` are those of each Hessian in turn, w, w^2 and w^2 |x|^4. With `tokens` below zero each
    leans by its own uncertainty, otherwise by so many average tokens.
    """
    if tokens < 0.0:
        return shrink_by_noise(H, mean, statistics, each)
    H.add_(mean * tokens)
    shares: List[float] = []
    for c in range(H.shape[0]):
        shares.append(shrinkage.share_of(tokens * each, statistics[3 * c]))
    return torch.tensor(shares, dtype=torch.float32)


def shrink_by_noise(H: Tensor, mean: Tensor, statistics: List[float], each: float) -> Tensor:
    """The same for `tokens` below zero."""
    known = torch.tensor(statistics, dtype=torch.float64, device=H.device)
    counted = torch.full_like(known[0], each)
    target = shrinkage.target_of(mean, counted)
    shares: List[Tensor] = []
    for c in range(H.shape[0]):
        own, squares, fourth = known[3 * c], known[3 * c + 1], known[3 * c + 2]
        shares.append(shrinkage.lean(H[c], mean, target, own, squares, counted, fourth))
    return torch.stack(shares).to(torch.float32)


def scaled(H: Tensor, factors: List[float]) -> Tensor:
    """Each of H [C, K, K] times its factor, in place."""
    for c in range(H.shape[0]):
        H[c].mul_(factors[c])
    return H


def statistics_of_all(largest: Tensor) -> Tensor:
    """Of an input that every token passes: nothing but its largest value says more than its Hessian."""
    zeros = torch.zeros([1, 4], dtype=torch.float64)
    return torch.cat([zeros, torch.reshape(largest, [1, 1]).to(torch.float64).cpu()], 1)


def add(total: Tensor, H: Tensor, factor: float) -> Tensor:
    """total [K, K] float64 += factor times each Hessian of H [C, K, K], one after the other."""
    for c in range(H.shape[0]):
        total.add_(H[c].to(torch.float64) * factor)
    return total


def mean(total: Tensor, pairs: float) -> Tensor:
    """What a (token, slot) pair adds on average, where so many add up to `total`."""
    return (total / max(pairs, 1e-30)).to(torch.float32)
