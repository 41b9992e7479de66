"""Hessians of the layer-wise error, H = sum of w x x^T over a linear's inputs: float32 [K, K], or
[C, K, K] of C experts.

T tokens choose k of E experts each, with weights p [T, k]; `power` is the exponent of p that a
token counts with. Sums run over `chunk` rows at once, which bounds the copies. Of experts, rows and
weights are sorted as experts.dispatch gives them.
"""

from typing import List

import torch
from torch import Tensor

import experts


def token_weight(p: Tensor, power: float) -> Tensor:
    """What a token counts: p^power."""
    if power == 0.0:
        return torch.ones_like(p)
    if power == 1.0:
        return p
    return p * p if power == 2.0 else torch.pow(p, power)


def accumulate(H: Tensor, x: Tensor, weight: Tensor) -> Tensor:
    """H += sum of weight x x^T over rows; square roots on both sides keep it symmetric."""
    scaled = x * torch.unsqueeze(torch.sqrt(weight), -1)
    return H.addmm_(torch.transpose(scaled, 0, 1), scaled)


def zeros(like: Tensor, count: int, size: int) -> Tensor:
    """Hessians with nothing added, on the device of another array."""
    return torch.zeros([count, size, size], dtype=torch.float32, device=like.device)


def scaled(x: Tensor, weight: Tensor) -> Tensor:
    """Rows whose plain Gram matrix is the Hessian, bfloat16."""
    return (x * torch.unsqueeze(torch.sqrt(weight), -1)).to(torch.bfloat16).contiguous()


def scaled_rows(x: Tensor, weight: Tensor, start: int, end: int) -> Tensor:
    """Those of some of the rows that every token passes."""
    return scaled(x[start:end], weight[start:end])


def scaled_inputs(
    h: Tensor, rows: Tensor, weights: Tensor, start: int, end: int, power: float
) -> Tensor:
    """Those of some routed rows, for gate and up."""
    x = torch.index_select(h, 0, rows[start:end])
    return scaled(x, token_weight(weights[start:end], power))


def scaled_activations(
    h: Tensor,
    gate_up: Tensor,
    biases: List[Tensor],
    clamped: bool,
    rows: Tensor,
    weights: Tensor,
    start: int,
    end: int,
    e: int,
    power: float,
) -> Tensor:
    """Those of the activations of some routed rows, for down; e counts within gate_up."""
    x = torch.index_select(h, 0, rows[start:end])
    a = experts.intermediate(x, gate_up, biases, clamped, e)
    return scaled(a, token_weight(weights[start:end], power))


def add_rows(H: Tensor, x: Tensor, weight: Tensor, chunk: int) -> Tensor:
    """H [K, K] += sum of weight x x^T over all rows, for the linears that every token passes."""
    for start in range(0, x.shape[0], chunk):
        end = min(start + chunk, x.shape[0])
        accumulate(H, x[start:end], weight[start:end])
    return H


def of_inputs(
    h: Tensor,
    rows: Tensor,
    weights: Tensor,
    offsets: List[int],
    first: int,
    last: int,
    power: float,
    chunk: int,
) -> Tensor:
    """What gate and up of experts first..last-1 share: [C, K, K] over their own tokens."""
    K = h.shape[1]
    H = torch.zeros([last - first, K, K], dtype=torch.float32, device=h.device)
    for e in range(first, last):
        for start in range(offsets[e], offsets[e + 1], chunk):
            end = min(start + chunk, offsets[e + 1])
            x = torch.index_select(h, 0, rows[start:end]).to(torch.float32)
            accumulate(H[e - first], x, token_weight(weights[start:end], power))
    return H


def of_activations(
    h: Tensor,
    gate_up: Tensor,
    biases: List[Tensor],
    clamped: bool,
    rows: Tensor,
    weights: Tensor,
    offsets: List[int],
    first: int,
    last: int,
    power: float,
    chunk: int,
) -> Tensor:
    """The same for the down projections, whose inputs are the activations of gate_up [C, 2M, K]:
    [C, M, M].
    """
    M = gate_up.shape[1] // 2
    H = torch.zeros([last - first, M, M], dtype=torch.float32, device=h.device)
    for e in range(first, last):
        for start in range(offsets[e], offsets[e + 1], chunk):
            end = min(start + chunk, offsets[e + 1])
            x = torch.index_select(h, 0, rows[start:end])
            a = experts.intermediate(x, gate_up, biases, clamped, e - first)
            accumulate(H[e - first], a, token_weight(weights[start:end], power))
    return H


def mean(h: Tensor, weights: Tensor, power: float, chunk: int) -> Tensor:
    """What one (token, slot) pair of the layer adds on average, [K, K]."""
    K = h.shape[1]
    H = torch.zeros([K, K], dtype=torch.float32, device=h.device)
    per_token = torch.sum(token_weight(weights, power), [1])
    return add_rows(H, h, per_token, chunk) / float(torch.numel(weights))


def add_all(total: Tensor, H: Tensor) -> Tensor:
    """total [M, M] float64 += every Hessian of H [C, M, M], one after the other.

    So the sum over a layer's experts is the same however they are chunked.
    """
    for c in range(H.shape[0]):
        total.add_(H[c])
    return total


def mean_of_total(total: Tensor, tokens: int) -> Tensor:
    return (total / float(max(tokens, 1))).to(torch.float32)


def shrink(H: Tensor, mean: Tensor, tokens: float) -> Tensor:
    """A starved expert leans on the layer: its Hessian plus as many average tokens of the layer's.
    In place.
    """
    return H.add_(mean * tokens)
