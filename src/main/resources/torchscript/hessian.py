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
import feed_forward


def token_weight(p: Tensor, power: float) -> Tensor:
    """What a token counts: |p|^power. Gemma 4's factors of experts may be negative."""
    if power == 0.0:
        return torch.ones_like(p)
    if power == 1.0:
        return torch.abs(p)
    return p * p if power == 2.0 else torch.pow(torch.abs(p), power)


def accumulate(H: Tensor, x: Tensor, weight: Tensor) -> Tensor:
    """H += sum of weight x x^T over rows; square roots on both sides keep it symmetric."""
    scaled = x * torch.unsqueeze(torch.sqrt(weight), -1)
    return H.addmm_(torch.transpose(scaled, 0, 1), scaled)


def zeros(like: Tensor, count: int, size: int) -> Tensor:
    """Hessians with nothing added, on the device of another array."""
    return torch.zeros([count, size, size], dtype=torch.float32, device=like.device)


def shift(largest: Tensor, weights: Tensor, power: float, dtype: int) -> Tensor:
    """What rows are multiplied with before they are rounded to 16 bits, so that Hessians lie well within
    float32: largest [n] is the largest absolute value of the rows of each, weights those they count
    with. One for bfloat16 (15). float16 keeps as many bits of a number as TF32 once a power of two
    brings the largest into its range; what is below 2^-38 of it loses bits. [n]
    """
    if dtype == 15 or torch.numel(weights) == 0:
        return torch.ones_like(largest)
    most = largest * torch.sqrt(torch.max(token_weight(weights, power)))
    return torch.exp2(torch.floor(torch.log2(16384.0 / torch.clamp_min(most, 1e-12))))


def plain_shift(largest: Tensor) -> Tensor:
    """The same for float16 rows that count alike, [n]."""
    return torch.exp2(torch.floor(torch.log2(16384.0 / torch.clamp_min(largest, 1e-12))))


def product_factors(a: Tensor, b: Tensor) -> Tensor:
    """What the products of shifted factors a [n] and b [1] are multiplied with, and nothing that is
    added to: [n, 2].
    """
    product = a * b
    return torch.stack([1.0 / product, torch.zeros_like(product)], 1)


def factors(shift: Tensor) -> Tensor:
    """What the Gram matrices of rows with shifts [n] count in a Hessian, and one: [n, 2]."""
    return torch.stack([1.0 / (shift * shift), torch.ones_like(shift)], 1)


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


def held_out(tokens: Tensor, length: int, first: int, every: int) -> Tensor:
    """Places of those tokens whose sequence is the last of every `every`. Sequences have `length`
    tokens; that of token 0 is number `first` of all.
    """
    sequence = torch.floor_divide(tokens, length) + first
    return torch.squeeze(torch.nonzero(sequence % every == every - 1), -1)


def held_out_rows(
    x: Tensor, weight: Tensor, start: int, length: int, first: int, every: int
) -> Tuple[Tensor, Tensor]:
    """Those of rows x [n, K] and their weights, the first row being token `start`."""
    tokens = torch.arange(start, start + x.shape[0], dtype=torch.int64, device=x.device)
    places = held_out(tokens, length, first, every)
    return torch.index_select(x, 0, places), torch.index_select(weight, 0, places)


def held_out_pairs(
    rows: Tensor, weights: Tensor, offsets: List[int], length: int, first: int, every: int
) -> Tuple[Tensor, Tensor, Tensor, Tensor]:
    """Those of (token, slot) pairs that are sorted by expert, with the offsets of the experts and the
    place of each among all pairs of its expert.
    """
    places = held_out(rows, length, first, every)
    bounds = torch.tensor(offsets, dtype=torch.int64, device=rows.device)
    expert = torch.searchsorted(bounds, places, right=True) - 1
    return (
        torch.index_select(rows, 0, places),
        torch.index_select(weights, 0, places),
        torch.searchsorted(places, bounds),
        places - torch.index_select(bounds, 0, expert),
    )


def own_rows(read: List[Tensor], places: Tensor, offsets: List[int], first: int) -> List[Tensor]:
    """Some rows of what experts from `first` on read: those at the places offsets[e]..offsets[e + 1]."""
    own: List[Tensor] = []
    for c in range(len(read)):
        of_expert = places[offsets[first + c] : offsets[first + c + 1]]
        own.append(torch.index_select(read[c], 0, of_expert))
    return own


def most_weight(weights: Tensor, power: float) -> Tensor:
    """What the heaviest token counts, [1]; one where there is none."""
    if torch.numel(weights) == 0:
        return torch.ones([1], dtype=torch.float32, device=weights.device)
    return torch.reshape(torch.max(token_weight(weights, power)), [1])


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
    tokens: List[float] = []
    for e in range(len(offsets) - 1):
        tokens.append(float(offsets[e + 1] - offsets[e]))
    counts = torch.tensor(tokens, dtype=torch.float64, device=weights.device)
    own = sums_by_expert(w, offsets, 0, len(tokens))
    squares = sums_by_expert(w * w, offsets, 0, len(tokens))
    return torch.stack([counts, own, squares], 1)


def sums_by_expert(x: Tensor, offsets: List[int], first: int, last: int) -> Tensor:
    """Sums of x [n], which begins with the first token of expert `first`, over the tokens of each, [C]."""
    sums: List[Tensor] = []
    for e in range(first, last):
        sums.append(torch.sum(x[offsets[e] - offsets[first] : offsets[e + 1] - offsets[first]]))
    return torch.stack(sums)


def shrink(H: Tensor, mean: Tensor, sums: Tensor, first: int, tokens: float) -> Tensor:
    """A starved expert leans on the layer: its Hessian plus as many average tokens of the layer's, in
    place; sums as all_weight_sums gives them. Returns what part of each Hessian the layer's are then,
    [C].
    """
    H.add_(mean * tokens)
    known = sums.cpu()
    each = float(mean_weight(known))
    shares: List[float] = []
    for c in range(H.shape[0]):
        shares.append(share_of(tokens * each, float(known[first + c, 1])))
    return torch.tensor(shares, dtype=torch.float32)


def mean_weight(sums: Tensor) -> Tensor:
    """What a (token, slot) pair of the layer counts on average, a scalar."""
    return torch.sum(sums[:, 1]) / torch.clamp_min(torch.sum(sums[:, 0]), 1.0)


def share_of(part: float, rest: float) -> float:
    return 0.0 if part + rest <= 0.0 else part / (part + rest)


def weight_sums(weights: Tensor, offsets: List[int], e: int, power: float) -> Tuple[float, float]:
    """Sum of w and of w^2 over the tokens of expert e."""
    w = token_weight(weights[offsets[e] : offsets[e + 1]], power).to(torch.float64)
    return float(torch.sum(w)), float(torch.sum(w * w))


def row_squares(x: Tensor, chunk: int) -> Tensor:
    """|x|^2 of every row of x [n, K], float64 [n]."""
    squares = torch.empty([x.shape[0]], dtype=torch.float64, device=x.device)
    for start in range(0, x.shape[0], chunk):
        end = min(start + chunk, x.shape[0])
        part = x[start:end].to(torch.float32)
        squares[start:end] = torch.sum(part * part, [-1], dtype=torch.float64)
    return squares


def input_moments(
    squares: Tensor,
    rows: Tensor,
    weights: Tensor,
    offsets: List[int],
    first: int,
    last: int,
    power: float,
) -> Tensor:
    """Sum of w^2 |x|^4 over the tokens of experts first..last-1, of which `squares` [T] holds the |x|^2.
    float64 [C]
    """
    s = torch.index_select(squares, 0, rows[offsets[first] : offsets[last]])
    return moments(s, weights, offsets, first, last, power)


def moments(
    s: Tensor, weights: Tensor, offsets: List[int], first: int, last: int, power: float
) -> Tensor:
    """The same of the |x|^2 of all that experts first..last-1 read, one expert after the other."""
    w = token_weight(weights[offsets[first] : offsets[last]], power).to(torch.float64)
    return sums_by_expert(w * w * s * s, offsets, first, last)


def activation_moments(
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
    return moments(torch.cat(own), weights, offsets, first, last, power)


def intermediate_moments(
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
    """The same where what they read is computed as in `of_experts`."""
    s = torch.empty([offsets[last] - offsets[first]], dtype=torch.float64, device=h.device)
    for e in range(first, last):
        for start in range(offsets[e], offsets[e + 1], chunk):
            end = min(start + chunk, offsets[e + 1])
            x = read_by(h, gate_up, biases, act, rows[start:end], e - first)
            s[start - offsets[first] : end - offsets[first]] = row_squares(x, chunk)
    return moments(s, weights, offsets, first, last, power)


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
    each = mean_weight(sums)
    target = target_of(mean, each)
    shares: List[Tensor] = []
    for c in range(H.shape[0]):
        own, squares = sums[first + c, 1], sums[first + c, 2]
        shares.append(lean(H[c], mean, target, own, squares, each, fourth[c]))
    return torch.stack(shares).to(torch.float32)


def share_by_noise(
    d2: Tensor, s2: Tensor, own: Tensor, squares: Tensor, each: Tensor, fourth: Tensor
) -> Tuple[Tensor, Tensor]:
    """The layer's share, and how many (token, slot) pairs of the layer are added for it, both of the shape
    of the numbers, float64.
    """
    one = torch.ones_like(own)
    # Without a token the layer's mean is all there is.
    seen = torch.logical_and(own > 0.0, each > 0.0)
    count = torch.where(seen, own, one)
    b2 = torch.clamp_min((fourth - s2 * squares) / (count * count), 0.0)
    share = torch.clamp_max(b2 / torch.clamp_min(d2, 1e-30), 0.999)
    part = share / (1.0 - share) * count / torch.where(seen, each, one)
    return torch.where(seen, share, one), torch.where(seen, part, one)


def noise_target(mean: Tensor, sums: Tensor) -> Tensor:
    """M of `shrink_by_noise`."""
    return target_of(mean, mean_weight(sums))


def shares_by_noise(distances: Tensor, sums: Tensor, first: int, fourth: Tensor) -> Tensor:
    """Of Hessians of experts from `first` on both numbers of `share_by_noise`, float32 [2, C], where
    distances [C, n, 2] are parts of |S|^2 and |S - M|^2.
    """
    known = sums[first : first + distances.shape[0]]
    s2 = torch.sum(distances[:, :, 0], [1])
    d2 = torch.sum(distances[:, :, 1], [1])
    share, part = share_by_noise(d2, s2, known[:, 1], known[:, 2], mean_weight(sums), fourth)
    return torch.stack([share, part]).to(torch.float32)


def room(like: Tensor, count: int, width: int, dtype: int) -> Tensor:
    """Room for rows [count, width]."""
    return torch.empty([count, width], dtype=dtype, device=like.device)


def target_of(mean: Tensor, each: Tensor) -> Tensor:
    """The layer's second moments M, of what a (token, slot) pair adds and counts on average."""
    return mean / torch.where(each > 0.0, each, torch.ones_like(each)).to(torch.float32)


def lean(
    H: Tensor,
    mean: Tensor,
    target: Tensor,
    own: Tensor,
    squares: Tensor,
    each: Tensor,
    fourth: Tensor,
) -> Tensor:
    """One Hessian [K, K] for `shrink_by_noise`, in place; returns the share. Numbers are float64
    scalars on the device of H, so that nobody waits for it.
    """
    S = H / torch.where(own > 0.0, own, torch.ones_like(own)).to(torch.float32)
    d2 = torch.sum(torch.square(S - target), dtype=torch.float64)
    s2 = torch.sum(torch.square(S), dtype=torch.float64)
    share, part = share_by_noise(d2, s2, own, squares, each, fourth)
    H.add_(mean * part.to(torch.float32))
    return share
