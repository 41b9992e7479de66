"""Weights of a text under which its experts are used like those of other text.

A text is n spans of a few tokens; `counts` holds for each layer how often each span's tokens chose
each expert, [n, E].
"""

from typing import List, Tuple

import torch
from torch import Tensor


def spans(experts: Tensor, E: int, length: int, span: int) -> Tensor:
    """Counts of the experts [T, k] of whole sequences of `length` tokens: float32 [spans, E]. The
    last span of a sequence may be shorter.
    """
    T, k = experts.shape
    each = (length + span - 1) // span
    token = torch.arange(0, T, 1, dtype=torch.int64, device=experts.device)
    place = torch.floor_divide(token, length) * each + torch.floor_divide(token % length, span)
    flat = torch.flatten(torch.unsqueeze(place * E, 1) + experts)
    counts = torch.bincount(flat, minlength=(T // length) * each * E)
    return torch.reshape(counts, [-1, E]).to(torch.float32)


def sizes(counts: Tensor) -> Tensor:
    """What part of the text each span is, [n] float64."""
    own = torch.sum(counts.to(torch.float64), [1])
    return own / torch.sum(own)


def even(counts: Tensor) -> Tensor:
    """The weights of a text as it is, [n]."""
    return torch.ones([counts.shape[0]], dtype=torch.float32, device=counts.device)


def pairs(counts: Tensor) -> Tensor:
    return torch.sum(counts.to(torch.float64)).to(torch.float32)


def shares(counts: Tensor, weights: Tensor) -> Tensor:
    """Of the weighted text what part of its choices fell on each expert, [E]."""
    total = torch.matmul(weights.to(torch.float64), counts.to(torch.float64))
    return (total / torch.sum(total)).to(torch.float32)


def effective(weights: Tensor, sizes: Tensor) -> Tensor:
    """Kish's effective sample size as a part of the text."""
    w = weights.to(torch.float64)
    mean = torch.sum(w * sizes)
    return (mean * mean / torch.sum(w * w * sizes)).to(torch.float32)


def standardised(counts: List[Tensor], targets: List[Tensor], q: Tensor) -> Tuple[Tensor, Tensor]:
    """How far each span's shares are from the text's, [n, D], and how far the targets are, [D]; in
    units of the square root of the text's own share, as a chi-square counts it.
    """
    X: List[Tensor] = []
    d: List[Tensor] = []
    for l in range(len(counts)):
        c = counts[l].to(torch.float64)
        F = c / torch.clamp_min(torch.sum(c, [1], True), 1.0)
        mean = torch.matmul(q, F)
        least = 0.1 / float(c.shape[1])
        scale = torch.rsqrt(torch.clamp_min(mean, least) * float(len(counts)))
        X.append((F - mean) * scale)
        d.append((targets[l].to(torch.float64) - mean) * scale)
    return (torch.cat(X, 1), torch.cat(d, 0))


def tilted(X: Tensor, q: Tensor, direction: Tensor) -> Tuple[Tensor, Tensor]:
    """Parts of the text proportional to q exp(X direction), and the logarithm of their sum."""
    z = torch.matmul(X, direction) + torch.log(torch.clamp_min(q, 1e-300))
    total = torch.logsumexp(z, 0)
    return (torch.exp(z - total), total)


def solved(X: Tensor, d: Tensor, q: Tensor, penalty: float, start: Tensor) -> Tensor:
    """The direction of least log sum q exp(X v) - d v + penalty / 2 |v|^2, by Newton's method whose
    steps conjugate gradients find.
    """
    v = start
    for _ in range(20):
        w, total = tilted(X, q, v)
        value = total - torch.dot(d, v) + 0.5 * penalty * torch.dot(v, v)
        m = torch.mv(torch.t(X), w)
        gradient = m - d + penalty * v
        size = float(torch.norm(gradient))
        if size < 1e-6:
            return v
        step = torch.zeros_like(v)
        r = -gradient
        p = r
        rr = float(torch.dot(r, r))
        for _ in range(50):
            Hp = torch.mv(torch.t(X), w * torch.mv(X, p)) - m * torch.dot(m, p) + penalty * p
            along = rr / max(float(torch.dot(p, Hp)), 1e-300)
            step = step + along * p
            r = r - along * Hp
            after = float(torch.dot(r, r))
            if after < 1e-4 * size * size:
                break
            p = r + (after / rr) * p
            rr = after
        slope = float(torch.dot(gradient, step))
        length = 1.0
        for _ in range(30):
            u = v + length * step
            _, log = tilted(X, q, u)
            new = log - torch.dot(d, u) + 0.5 * penalty * torch.dot(u, u)
            if float(new - value) <= 1e-4 * length * slope:
                break
            length = 0.5 * length
        v = v + length * step
        if -slope < 1e-10:
            return v
    return v


def part(w: Tensor, q: Tensor) -> float:
    """The effective part of a text whose parts q have become w."""
    return 1.0 / float(torch.sum(w * w / torch.clamp_min(q, 1e-300)))


def tilt(counts: List[Tensor], targets: List[Tensor], least: float) -> Tensor:
    """Weights of spans, one on average over the tokens, [n] float32, that bring the experts' shares
    as near to `targets` [E] of every layer as leaves `least` of the text effective.
    """
    q = sizes(counts[0])
    X, d = standardised(counts, targets, q)
    v = torch.zeros_like(d)
    w = q
    high = 4.0
    low = 4.0
    while low > -9.0:
        low -= 1.0
        u = solved(X, d, q, float(torch.exp(torch.tensor(low))), v)
        t, _ = tilted(X, q, u)
        if part(t, q) < least:
            break
        high = low
        v = u
        w = t
    for _ in range(5):
        middle = 0.5 * (high + low)
        if middle == high:
            break
        u = solved(X, d, q, float(torch.exp(torch.tensor(middle))), v)
        t, _ = tilted(X, q, u)
        if part(t, q) >= least:
            high = middle
            v = u
            w = t
        else:
            low = middle
    return (w / torch.clamp_min(q, 1e-300)).to(torch.float32)
