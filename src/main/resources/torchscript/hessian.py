"""Hessians of the layer-wise error, H = sum of w x x^T over a linear's inputs: float32 [K, K], or
[C, K, K] of C experts.

T tokens choose k of E experts each, with weights p [T, k]; `power` is the exponent of p that a
token counts with. Sums run over `chunk` rows at once, which bounds the copies. Of experts, rows and
weights are sorted as experts.dispatch gives them.
"""

from typing import List, Tuple

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


def shift(largest: Tensor, weights: Tensor, power: float, dtype: int) -> Tensor:
    """What rows are multiplied with before they are rounded to 16 bits, so that Hessians lie well within
    float32: largest [1] is the largest absolute value of the rows, weights those they count with. One
    for bfloat16 (15). float16 keeps as many bits of a number as TF32 once a power of two brings the
    largest into its range; what is below 2^-38 of it loses bits. [1]
    """
    if dtype == 15 or torch.numel(weights) == 0:
        return torch.ones_like(largest)
    most = largest * torch.sqrt(torch.max(token_weight(weights, power)))
    return torch.exp2(torch.floor(torch.log2(16384.0 / torch.clamp_min(most, 1e-12))))


def factors(shift: Tensor) -> Tensor:
    """What the Gram matrix of shifted rows counts in a Hessian, and one: [2]."""
    return torch.cat([1.0 / (shift * shift), torch.ones_like(shift)])


def scaled(x: Tensor, weight: Tensor, shift: Tensor, dtype: int) -> Tensor:
    """Rows in 16 bits whose Gram matrix, but for the shift, is the Hessian."""
    return (x * torch.unsqueeze(torch.sqrt(weight) * shift, -1)).to(dtype).contiguous()


def scaled_rows(
    x: Tensor, weight: Tensor, start: int, end: int, shift: Tensor, dtype: int
) -> Tensor:
    """Those of some of the rows that every token passes."""
    return scaled(x[start:end], weight[start:end], shift, dtype)


def scaled_inputs(
    h: Tensor,
    rows: Tensor,
    weights: Tensor,
    start: int,
    end: int,
    power: float,
    shift: Tensor,
    dtype: int,
) -> Tensor:
    """Those of some routed rows, for gate and up."""
    x = torch.index_select(h, 0, rows[start:end])
    return scaled(x, token_weight(weights[start:end], power), shift, dtype)


def scaled_activations(
    a: Tensor,
    weights: Tensor,
    begin: int,
    start: int,
    end: int,
    power: float,
    shift: Tensor,
    dtype: int,
) -> Tensor:
    """Those of the activations of some routed rows, for down: a [n, M] begins with row `begin`."""
    w = token_weight(weights[start:end], power)
    return scaled(a[start - begin : end - begin], w, shift, dtype)


def add_rows(H: Tensor, x: Tensor, weight: Tensor, chunk: int) -> Tensor:
    """H [K, K] += sum of weight x x^T over all rows, for the linears that every token passes."""
    for start in range(0, x.shape[0], chunk):
        end = min(start + chunk, x.shape[0])
        accumulate(H, x[start:end], weight[start:end])
    return H


def read_by(
    h: Tensor, gate_up: List[Tensor], biases: List[Tensor], clamped: bool, rows: Tensor, e: int
) -> Tensor:
    """What a linear of an expert reads: its tokens, or with gate_up [C, 2M, K] the activations of its
    e-th expert, which down reads. float32 [n, K] or [n, M].
    """
    x = torch.index_select(h, 0, rows)
    if len(gate_up) == 0:
        return x.to(torch.float32)
    return experts.intermediate(x, gate_up[0], biases, clamped, e)


def of_experts(
    h: Tensor,
    gate_up: List[Tensor],
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
    """Of experts first..last-1 over their own tokens: what gate and up share [C, K, K], or with their
    weights gate_up [C, 2M, K] those of down [C, M, M].
    """
    K = h.shape[1]
    if len(gate_up) > 0:
        K = gate_up[0].shape[1] // 2
    H = torch.zeros([last - first, K, K], dtype=torch.float32, device=h.device)
    for e in range(first, last):
        for start in range(offsets[e], offsets[e + 1], chunk):
            end = min(start + chunk, offsets[e + 1])
            x = read_by(h, gate_up, biases, clamped, rows[start:end], e - first)
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


def per_token(weights: Tensor, power: float) -> Tensor:
    """What each token of weights [T, k] counts in all its slots together, [T]."""
    return torch.sum(token_weight(weights, power), [1])


def divided(H: Tensor, pairs: int) -> Tensor:
    """What one (token, slot) pair of the layer adds on average, of what all add."""
    return H / float(pairs)


def add_all(total: Tensor, H: Tensor) -> Tensor:
    """total [M, M] float64 += every Hessian of H [C, M, M], one after the other.

    So the sum over a layer's experts is the same however they are chunked.
    """
    for c in range(H.shape[0]):
        total.add_(H[c])
    return total


def mean_of_total(total: Tensor, tokens: int) -> Tensor:
    return (total / float(max(tokens, 1))).to(torch.float32)


def all_weight_sums(weights: Tensor, offsets: List[int], power: float) -> Tensor:
    """Of every expert how many tokens it has, and the sum of w and of w^2 over them, float64 [E, 3]."""
    w = token_weight(weights, power).to(torch.float64)
    sums: List[Tensor] = []
    for e in range(len(offsets) - 1):
        own = w[offsets[e] : offsets[e + 1]]
        tokens = torch.full_like(torch.sum(own), float(offsets[e + 1] - offsets[e]))
        sums.append(torch.stack([tokens, torch.sum(own), torch.sum(own * own)]))
    return torch.stack(sums)


def shrink(H: Tensor, mean: Tensor, sums: Tensor, first: int, tokens: float) -> Tensor:
    """A starved expert leans on the layer: its Hessian plus as many average tokens of the layer's, in
    place; sums as all_weight_sums gives them. Returns what part of each Hessian the layer's are then,
    [C].
    """
    H.add_(mean * tokens)
    known = sums.cpu()
    each = mean_weight(known)
    shares: List[float] = []
    for c in range(H.shape[0]):
        shares.append(share_of(tokens * each, float(known[first + c, 1])))
    return torch.tensor(shares, dtype=torch.float32)


def mean_weight(sums: Tensor) -> float:
    """What a (token, slot) pair of the layer counts on average."""
    return float(torch.sum(sums[:, 1])) / max(1.0, float(torch.sum(sums[:, 0])))


def share_of(part: float, rest: float) -> float:
    return 0.0 if part + rest <= 0.0 else part / (part + rest)


def weight_sums(weights: Tensor, offsets: List[int], e: int, power: float) -> Tuple[float, float]:
    """Sum of w and of w^2 over the tokens of expert e."""
    w = token_weight(weights[offsets[e] : offsets[e + 1]], power).to(torch.float64)
    return float(torch.sum(w)), float(torch.sum(w * w))


def fourth_moment(x: Tensor, weight: Tensor) -> Tensor:
    """Sum of w^2 |x|^4 over rows, float64 scalar."""
    x = x.to(torch.float32)
    squares = torch.sum(x * x, [-1], dtype=torch.float64)
    w = weight.to(torch.float64)
    return torch.sum(w * w * squares * squares)


def fourth_moments(
    h: Tensor,
    gate_up: List[Tensor],
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
    """Sum of w^2 |x|^4 over what the linears of experts first..last-1 read, as in `of_experts`.
    float64 [C]
    """
    F = torch.zeros([last - first], dtype=torch.float64, device=h.device)
    for e in range(first, last):
        for start in range(offsets[e], offsets[e + 1], chunk):
            end = min(start + chunk, offsets[e + 1])
            x = read_by(h, gate_up, biases, clamped, rows[start:end], e - first)
            F[e - first] += fourth_moment(x, token_weight(weights[start:end], power))
    return F


def shrink_by_noise(
    H: Tensor,
    mean: Tensor,
    sums: Tensor,
    first: int,
    fourth: Tensor,
) -> Tensor:
    """Each expert's Hessian leans on the layer's as far as its own tokens leave it uncertain (Ledoit
    and Wolf 2004, A well-conditioned estimator for large-dimensional covariance matrices, with the
    layer's mean as target), in place. Returns what part of each is the layer's then, [C].

    S = H / sum w estimates the expert's second moments with the squared error
    b^2 = (sum w^2 |x|^4 - |S|^2 sum w^2) / (sum w)^2, and lies d^2 = |S - M|^2 from the layer's M. The
    combination of both with the least expected error has the share b^2 / d^2 of M.
    """
    known = sums.cpu()
    each = mean_weight(known)
    shares: List[float] = []
    for c in range(H.shape[0]):
        own, squares = float(known[first + c, 1]), float(known[first + c, 2])
        shares.append(lean(H[c], mean, own, squares, each, float(fourth[c])))
    return torch.tensor(shares, dtype=torch.float32)


def lean(
    H: Tensor, mean: Tensor, own: float, squares: float, each: float, fourth: float
) -> float:
    """One Hessian [K, K] for `shrink_by_noise`, in place; returns the share."""
    # Without a token the layer's mean is all there is.
    if own <= 0.0 or each <= 0.0:
        H.add_(mean)
        return 1.0
    S = H / own
    d2 = float(torch.sum(torch.square(S - mean / each), dtype=torch.float64))
    s2 = float(torch.sum(torch.square(S), dtype=torch.float64))
    b2 = max(0.0, (fourth - s2 * squares) / (own * own))
    share = min(0.999, b2 / max(d2, 1e-30))
    H.add_(mean * (share / (1.0 - share) * own / each))
    return share
