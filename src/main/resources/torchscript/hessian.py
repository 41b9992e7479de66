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
import feed_forward


def token_weight(p: Tensor, power: float) -> Tensor:
    """What a token counts: |p|^power. Gemma 4's factors of experts may be negative."""
    if power == 0.0:
        return torch.ones_like(p)
    if power == 1.0:
        return torch.abs(p)
    return p * p if power == 2.0 else torch.pow(torch.abs(p), power)


def counted(weights: Tensor, besides: Tensor) -> Tensor:
    """What tokens count in all, [T]."""
    return weights * besides


def pair_weights(
    experts: Tensor, p: Tensor, power: float, tokens: Tensor, factors: Tensor
) -> Tensor:
    """What the pairs of experts and scores p [T, k] count: p^power, times the weight of the token [T],
    times the factor of the expert [E].
    """
    own = torch.reshape(torch.index_select(factors, 0, torch.flatten(experts)), experts.shape)
    return token_weight(p, power) * torch.unsqueeze(tokens, 1) * own


def per_token(weights: Tensor, power: float) -> Tensor:
    """What each token of weights [T, k] counts in all its slots together, [T]."""
    return torch.sum(token_weight(weights, power), [1])


def zeros(like: Tensor, count: int, size: int) -> Tensor:
    """Hessians with nothing added, on the device of another array."""
    return torch.zeros([count, size, size], dtype=torch.float32, device=like.device)


def accumulate(H: Tensor, x: Tensor, weight: Tensor) -> Tensor:
    """H += sum of weight x x^T over rows; square roots on both sides keep it symmetric."""
    scaled = x * torch.unsqueeze(torch.sqrt(weight), -1)
    return H.addmm_(torch.transpose(scaled, 0, 1), scaled)


def add_rows(H: Tensor, x: Tensor, weight: Tensor, chunk: int) -> Tensor:
    """H [K, K] += sum of weight x x^T over all rows, for the linears that every token passes."""
    for start in range(0, x.shape[0], chunk):
        end = min(start + chunk, x.shape[0])
        accumulate(H, x[start:end], weight[start:end])
    return H


def add_all(total: Tensor, H: Tensor) -> Tensor:
    """total [M, M] float64 += every Hessian of H [C, M, M], one after the other.

    So the sum over a layer's experts is the same however they are chunked.
    """
    for c in range(H.shape[0]):
        total.add_(H[c])
    return total


def divided(H: Tensor, pairs: int) -> Tensor:
    """What one (token, slot) pair of the layer adds on average, of what all add."""
    return H / float(pairs)


def mean_of_total(total: Tensor, tokens: int) -> Tensor:
    return (total / float(max(tokens, 1))).to(torch.float32)


def read_by(
    h: Tensor, gate_up: List[Tensor], biases: List[Tensor], act: int, rows: Tensor, e: int
) -> Tensor:
    """What a linear of an expert reads: its tokens, or with gate_up [C, 2M, K] the activations of its
    e-th expert, which down reads. float32 [n, K] or [n, M].
    """
    x = torch.index_select(h, 0, rows)
    if len(gate_up) == 0:
        return x.to(torch.float32)
    return experts.intermediate(x, gate_up[0], biases, act, e)


def of_experts(
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
    """Of experts first..last-1 over their own tokens: what gate and up share [C, K, K], or with their
    weights gate_up [C, 2M, K] those of down [C, M, M].
    """
    K = h.shape[1]
    if len(gate_up) > 0:
        K = feed_forward.inner_width(gate_up[0].shape[1], act)
    H = torch.zeros([last - first, K, K], dtype=torch.float32, device=h.device)
    for e in range(first, last):
        for start in range(offsets[e], offsets[e + 1], chunk):
            end = min(start + chunk, offsets[e + 1])
            x = read_by(h, gate_up, biases, act, rows[start:end], e - first)
            accumulate(H[e - first], x, token_weight(weights[start:end], power))
    return H


def of_activations(
    read: List[Tensor],
    weights: Tensor,
    offsets: List[int],
    first: int,
    power: float,
    chunk: int,
) -> Tensor:
    """The Hessians of the down projections of experts from `first` on, of what each reads [n, M]: [C, M,
    M].
    """
    M = read[0].shape[1]
    H = torch.zeros([len(read), M, M], dtype=torch.float32, device=weights.device)
    for c in range(len(read)):
        begin = offsets[first + c]
        for start in range(0, read[c].shape[0], chunk):
            end = min(start + chunk, read[c].shape[0])
            x = read[c][start:end].to(torch.float32)
            accumulate(H[c], x, token_weight(weights[begin + start : begin + end], power))
    return H


def grams_of(x: Tensor, w: Tensor) -> Tensor:
    """Hessians of rows x [C, n, K] that count w [C n], by one product: [C, K, K]."""
    scaled = x.to(torch.float32) * torch.reshape(torch.sqrt(w), [x.shape[0], -1, 1])
    return torch.bmm(torch.transpose(scaled, 1, 2), scaled)


def of_experts_together(
    h: Tensor,
    rows: Tensor,
    weights: Tensor,
    offsets: List[int],
    first: int,
    last: int,
    power: float,
) -> Tensor:
    """What `of_experts` gives of gate and up, each expert's tokens padded to the busiest one's."""
    place, taken = experts.padded(offsets, first, last, h)
    x = torch.index_select(h, 0, torch.index_select(rows, 0, place))
    w = token_weight(torch.index_select(weights, 0, place), power) * taken
    return grams_of(torch.reshape(x, [last - first, -1, h.shape[1]]), w)


def of_activations_together(
    read: List[Tensor], weights: Tensor, offsets: List[int], first: int, power: float
) -> Tensor:
    """What `of_activations` gives, likewise."""
    last = first + len(read)
    place, taken = experts.padded(offsets, first, last, weights)
    w = token_weight(torch.index_select(weights, 0, place), power) * taken
    return grams_of(experts.padded_activations(read, offsets, first, last), w)
