"""Routed experts: T tokens choose k of E experts each.

(token, slot) pairs are sorted by expert once, so that expert e's tokens are
rows[offsets[e] : offsets[e + 1]] with their weights. gate_up [C, 2M, K], gate rows first ([C, M, K]
without a gate), and down
[C, K, M] are those of experts first..last-1; biases is empty, or [C, 2M] and [C, K]. Sums run over
`chunk` rows at once.
"""

from typing import List, Tuple

import torch
import torch.nn.functional as F
from torch import Tensor

import activation
import feed_forward
import tensor


def dispatch(experts: Tensor, weights: Tensor, E: int) -> Tuple[Tensor, Tensor, Tensor]:
    """experts int64 [T, k], weights [T, k] -> token of each pair [T k], its weight [T k], offsets
    [E + 1].
    """
    chosen = torch.flatten(experts)
    order = torch.argsort(chosen, stable=True, dim=-1, descending=False)
    count = torch.bincount(chosen, minlength=E)
    offsets = torch.cat([torch.zeros_like(count[0:1]), torch.cumsum(count, 0)])
    rows = torch.floor_divide(order, experts.shape[1])
    return rows, torch.index_select(torch.flatten(weights), 0, order), offsets


def utilization(
    experts: Tensor, weights: Tensor, power: float, E: int
) -> Tuple[Tensor, Tensor, Tensor, Tensor]:
    """Of every expert its tokens, the sum of their scores p, signs aside, of w = p^power and of w^2,
    all float64 [E].
    """
    chosen = torch.flatten(experts)
    tokens = torch.bincount(chosen, minlength=E).to(torch.float64)
    p = torch.abs(torch.flatten(weights).to(torch.float64))
    w = torch.pow(p, power)
    return (
        tokens,
        torch.bincount(chosen, p, E),
        torch.bincount(chosen, w, E),
        torch.bincount(chosen, w * w, E),
    )


def expert_linear(x: Tensor, w: Tensor, biases: List[Tensor], which: int, e: int) -> Tensor:
    """One of a stack of linears: x [n, in], w [C, out, in]; biases is empty, or holds the stack's
    own [C, out] at `which`. The product is computed in the type of x; float32.
    """
    if len(biases) == 0:
        return F.linear(x, w[e].to(x.dtype)).to(torch.float32)
    return F.linear(x, w[e].to(x.dtype), biases[which][e].to(x.dtype)).to(torch.float32)


def stacked_linear(x: Tensor, w: Tensor, biases: List[Tensor], which: int) -> Tensor:
    """The same of all of the stack at once: x [C, n, in]."""
    out = torch.bmm(x, torch.transpose(w.to(x.dtype), 1, 2))
    if len(biases) > 0:
        out = out + torch.unsqueeze(biases[which].to(x.dtype), 1)
    return out.to(torch.float32)


def intermediate(x: Tensor, gate_up: Tensor, biases: List[Tensor], act: int, e: int) -> Tensor:
    """What the down projection of expert e reads."""
    return feed_forward.activate(expert_linear(x, gate_up, biases, 0, e), act)


def most_tokens(offsets: List[int], first: int, last: int) -> int:
    """Of any of experts first..last-1."""
    most = 0
    for e in range(first, last):
        most = max(most, offsets[e + 1] - offsets[e])
    return most


def fits_together(gate_up: Tensor, offsets: List[int], first: int, last: int, chunk: int) -> bool:
    """Whether the experts' tokens, each expert's padded to as many as the busiest has, are few enough
    that one product of all experts costs less than a launch for each.
    """
    padded = (last - first) * most_tokens(offsets, first, last)
    widest = max(gate_up.shape[1], gate_up.shape[2])
    few = padded <= 4 * max(offsets[last] - offsets[first], last - first)
    return few and padded * widest <= chunk * 4096


def padded(offsets: List[int], first: int, last: int, like: Tensor) -> Tuple[Tensor, Tensor]:
    """As many pairs of each of experts first..last-1 as the busiest has: their places among all pairs
    [C n], and 1 for those that are the expert's own, 0 for those that stand where it has no more [C n].
    """
    most = most_tokens(offsets, first, last)
    begin = torch.tensor(offsets[first:last], dtype=torch.int64, device=like.device)
    end = torch.tensor(offsets[first + 1 : last + 1], dtype=torch.int64, device=like.device)
    place = torch.unsqueeze(begin, 1) + torch.arange(0, most, 1, dtype=torch.int64, device=like.device)
    taken = torch.lt(place, torch.unsqueeze(end, 1))
    place = torch.where(taken, place, torch.zeros_like(place))
    return torch.flatten(place), torch.flatten(taken.to(torch.float32))


def padded_activations(read: List[Tensor], offsets: List[int], first: int, last: int) -> Tensor:
    """What experts first..last-1 read [n, M], each padded to as many rows as the busiest has, with
    zeros: [C, n, M].
    """
    place, taken = padded(offsets, first, last, read[0])
    place = torch.clamp_min(place - offsets[first], 0)
    rows = torch.index_select(torch.cat(read, 0), 0, place) * torch.unsqueeze(taken, 1).to(read[0].dtype)
    return torch.reshape(rows, [last - first, -1, read[0].shape[1]])


def add_together(
    y: Tensor,
    h: Tensor,
    gate_up: Tensor,
    down: Tensor,
    biases: List[Tensor],
    act: int,
    down_input: activation.Rounding,
    rows: Tensor,
    weights: Tensor,
    offsets: List[int],
    first: int,
    last: int,
) -> Tensor:
    """The same with all experts in one product, their tokens padded to the busiest one's."""
    if offsets[first] == offsets[last]:
        return y
    place, taken = padded(offsets, first, last, h)
    tokens = torch.index_select(rows, 0, place)
    p = torch.index_select(weights, 0, place) * taken
    x = torch.reshape(torch.index_select(h, 0, tokens), [last - first, -1, h.shape[1]])
    inner = feed_forward.activate(stacked_linear(x, gate_up, biases, 0), act)
    inner = activation.round_inputs(inner, down_input).to(h.dtype)
    out = stacked_linear(inner, down, biases, 1)
    return y.index_add_(0, tokens, torch.flatten(out, 0, 1) * torch.unsqueeze(p, -1))


def activations_together(
    h: Tensor,
    gate_up: Tensor,
    biases: List[Tensor],
    act: int,
    rows: Tensor,
    offsets: List[int],
    first: int,
    last: int,
) -> List[Tensor]:
    """What `activations` gives, by one product of all experts."""
    place, taken = padded(offsets, first, last, h)
    x = torch.index_select(h, 0, torch.index_select(rows, 0, place))
    x = torch.reshape(x, [last - first, -1, h.shape[1]])
    inner = feed_forward.activate(stacked_linear(x, gate_up, biases, 0), act).to(h.dtype)
    read: List[Tensor] = []
    for c in range(last - first):
        read.append(inner[c, : offsets[first + c + 1] - offsets[first + c]])
    return read


def add_outputs_of_together(
    y: Tensor,
    read: List[Tensor],
    down: Tensor,
    biases: List[Tensor],
    rows: Tensor,
    weights: Tensor,
    offsets: List[int],
    first: int,
    last: int,
) -> Tensor:
    """What `add_outputs_of` adds, by one product of all experts; in place."""
    place, taken = padded(offsets, first, last, y)
    tokens = torch.index_select(rows, 0, place)
    p = torch.index_select(weights, 0, place) * taken
    out = stacked_linear(padded_activations(read, offsets, first, last), down, biases, 1)
    return y.index_add_(0, tokens, torch.flatten(out, 0, 1) * torch.unsqueeze(p, -1))


def add_outputs(
    y: Tensor,
    h: Tensor,
    gate_up: Tensor,
    down: Tensor,
    biases: List[Tensor],
    act: int,
    down_input: activation.Rounding,
    rows: Tensor,
    weights: Tensor,
    offsets: List[int],
    first: int,
    last: int,
    chunk: int,
) -> Tensor:
    """y[token] += p * down(intermediate(h[token])) for experts first..last-1, in place."""
    if h.is_cuda and fits_together(gate_up, offsets, first, last, chunk):
        return add_together(
            y, h, gate_up, down, biases, act, down_input, rows, weights, offsets, first, last
        )
    for e in range(first, last):
        for start in range(offsets[e], offsets[e + 1], chunk):
            end = min(start + chunk, offsets[e + 1])
            tokens = rows[start:end]
            x = torch.index_select(h, 0, tokens)
            inner = intermediate(x, gate_up, biases, act, e - first)
            inner = activation.round_inputs(inner, down_input)
            out = expert_linear(inner.to(h.dtype), down, biases, 1, e - first)
            y.index_add_(0, tokens, out * torch.unsqueeze(weights[start:end], -1))
    return y


def activations(
    h: Tensor,
    gate_up: Tensor,
    biases: List[Tensor],
    act: int,
    rows: Tensor,
    offsets: List[int],
    first: int,
    last: int,
    chunk: int,
) -> List[Tensor]:
    """What the down projections of experts first..last-1 read, each its own tokens [n, M] in the type of
    h.
    """
    read: List[Tensor] = []
    for e in range(first, last):
        count = offsets[e + 1] - offsets[e]
        a = torch.empty([count, feed_forward.inner_width(gate_up.shape[1], act)], dtype=h.dtype, device=h.device)
        for start in range(0, count, chunk):
            end = min(start + chunk, count)
            x = torch.index_select(h, 0, rows[offsets[e] + start : offsets[e] + end])
            a[start:end] = intermediate(x, gate_up, biases, act, e - first)
        read.append(a)
    return read


def add_outputs_of(
    y: Tensor,
    read: List[Tensor],
    down: Tensor,
    biases: List[Tensor],
    rows: Tensor,
    weights: Tensor,
    offsets: List[int],
    first: int,
    last: int,
    chunk: int,
) -> Tensor:
    """The same as add_outputs, of activations that are known; in place."""
    for e in range(first, last):
        a = read[e - first]
        for start in range(0, a.shape[0], chunk):
            end = min(start + chunk, a.shape[0])
            out = expert_linear(a[start:end], down, biases, 1, e - first)
            tokens = rows[offsets[e] + start : offsets[e] + end]
            p = weights[offsets[e] + start : offsets[e] + end]
            y.index_add_(0, tokens, out * torch.unsqueeze(p, -1))
    return y


def largest_rows(read: List[Tensor], like: Tensor) -> Tensor:
    """The largest absolute activation of each expert, [C]; zero where no token came."""
    most = torch.zeros([len(read)], dtype=torch.float32, device=like.device)
    for c in range(len(read)):
        if read[c].shape[0] > 0:
            least, greatest = torch.aminmax(read[c])
            most[c] = torch.maximum(-least, greatest).to(torch.float32)
    return most


def largest_intermediate(
    h: Tensor,
    gate_up: Tensor,
    biases: List[Tensor],
    act: int,
    rows: Tensor,
    offsets: List[int],
    first: int,
    last: int,
    chunk: int,
) -> Tensor:
    """The largest absolute input of each down projection, [C]; zero where no token came."""
    most = torch.zeros([last - first], dtype=torch.float32, device=h.device)
    for e in range(first, last):
        for start in range(offsets[e], offsets[e + 1], chunk):
            end = min(start + chunk, offsets[e + 1])
            x = torch.index_select(h, 0, rows[start:end])
            inner = intermediate(x, gate_up, biases, act, e - first)
            so_far = most[e - first : e - first + 1]
            most[e - first] = tensor.largest(inner, so_far)[0]
    return most


def where_seen(most: Tensor, layer: Tensor) -> Tensor:
    """What was seen of each expert, the layer's largest [1] where no token came."""
    return torch.where(most > 0.0, most, layer)


def scaled_slots(h: Tensor, weights: Tensor) -> Tensor:
    """A row for each slot, times its score: h [T, H], weights [T, k] -> [T k, H]"""
    return torch.flatten(torch.unsqueeze(h, 1) * torch.unsqueeze(weights, 2), 0, 1)


def slots(experts: Tensor, used: int) -> Tuple[Tensor, Tensor]:
    """Each slot of experts [T, k] as a token of its own, [T k, 1]; the first `used` of a token weigh
    1, the others 0.
    """
    weights = torch.zeros(experts.shape, dtype=torch.float32, device=experts.device)
    weights[:, :used] = 1.0
    return (torch.reshape(experts, [-1, 1]), torch.reshape(weights, [-1, 1]))


def sum_slots(y: Tensor, tokens: int) -> Tensor:
    """The sum over every token's slots: y [T k, H] -> [T, H]"""
    return torch.sum(torch.reshape(y, [tokens, -1, y.shape[1]]), [1])
