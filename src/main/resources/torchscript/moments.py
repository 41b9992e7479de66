"""Sums over the tokens of each expert, in float64: of w and w^2, and of w^2 |x|^4, the fourth moments
of what a linear reads. They say how uncertain a Hessian of few tokens is. Weights, rows and `power`
are as in hessian.
"""

from typing import List, Tuple

import torch
from torch import Tensor

import hessian


def sums_by_expert(x: Tensor, offsets: List[int], first: int, last: int) -> Tensor:
    """Sums of x [n], which begins with the first token of expert `first`, over the tokens of each, [C]."""
    sums: List[Tensor] = []
    for e in range(first, last):
        sums.append(torch.sum(x[offsets[e] - offsets[first] : offsets[e + 1] - offsets[first]]))
    return torch.stack(sums)


def weight_sums(weights: Tensor, offsets: List[int], e: int, power: float) -> Tuple[float, float]:
    """Sum of w and of w^2 over the tokens of expert e."""
    w = hessian.token_weight(weights[offsets[e] : offsets[e + 1]], power).to(torch.float64)
    return float(torch.sum(w)), float(torch.sum(w * w))


def all_weight_sums(weights: Tensor, offsets: List[int], power: float) -> Tensor:
    """Of every expert how many tokens it has, and the sum of w and of w^2 over them, float64 [E, 3]."""
    w = hessian.token_weight(weights, power).to(torch.float64)
    tokens: List[float] = []
    for e in range(len(offsets) - 1):
        tokens.append(float(offsets[e + 1] - offsets[e]))
    counts = torch.tensor(tokens, dtype=torch.float64, device=weights.device)
    own = sums_by_expert(w, offsets, 0, len(tokens))
    squares = sums_by_expert(w * w, offsets, 0, len(tokens))
    return torch.stack([counts, own, squares], 1)


def row_squares(x: Tensor, chunk: int) -> Tensor:
    """|x|^2 of every row of x [n, K], float64 [n]."""
    squares = torch.empty([x.shape[0]], dtype=torch.float64, device=x.device)
    for start in range(0, x.shape[0], chunk):
        end = min(start + chunk, x.shape[0])
        part = x[start:end].to(torch.float32)
        squares[start:end] = torch.sum(part * part, [-1], dtype=torch.float64)
    return squares


def of_squares(
    s: Tensor, weights: Tensor, offsets: List[int], first: int, last: int, power: float
) -> Tensor:
    """Sum of w^2 |x|^4 over the tokens of experts first..last-1, where s holds the |x|^2 of all that they
    read, one expert after the other. float64 [C]
    """
    w = hessian.token_weight(weights[offsets[first] : offsets[last]], power).to(torch.float64)
    return sums_by_expert(w * w * s * s, offsets, first, last)


def of_inputs(
    squares: Tensor,
    rows: Tensor,
    weights: Tensor,
    offsets: List[int],
    first: int,
    last: int,
    power: float,
) -> Tensor:
    """The same of what gate and up read, where `squares` [T] holds the |x|^2 of every token."""
    s = torch.index_select(squares, 0, rows[offsets[first] : offsets[last]])
    return of_squares(s, weights, offsets, first, last, power)


def of_activations(
    read: List[Tensor],
    weights: Tensor,
    offsets: List[int],
    first: int,
    power: float,
    chunk: int,
) -> Tensor:
    """The same over what the down projections of experts from `first` on read, of each [n, M]."""
    last = first + len(read)
    own: List[Tensor] = []
    for c in range(len(read)):
        own.append(row_squares(read[c], chunk))
    return of_squares(torch.cat(own), weights, offsets, first, last, power)


def of_intermediate(
    h: Tensor,
    gate_up: List[Tensor],
    biases: List[Tensor],
    act: int,
    rows: Tensor,
    weights: Tensor,
    offsets: List[int],
    first: int,
    last: int,
    power: float,
    chunk: int,
) -> Tensor:
    """The same where what they read is computed as in hessian.of_experts."""
    s = torch.empty([offsets[last] - offsets[first]], dtype=torch.float64, device=h.device)
    for e in range(first, last):
        for start in range(offsets[e], offsets[e + 1], chunk):
            end = min(start + chunk, offsets[e + 1])
            x = hessian.read_by(h, gate_up, biases, act, rows[start:end], e - first)
            s[start - offsets[first] : end - offsets[first]] = row_squares(x, chunk)
    return of_squares(s, weights, offsets, first, last, power)
