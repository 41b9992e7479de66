"""Shrinkage of experts' Hessians towards the layer's mean, in place: an expert with few tokens leans
on what all of them say. `mean` [K, K] is what a (token, slot) pair of the layer adds on average,
`sums` are as moments.all_weight_sums gives them.
"""

from typing import List, Tuple

import torch
from torch import Tensor


def by_tokens(H: Tensor, mean: Tensor, sums: Tensor, first: int, tokens: float) -> Tensor:
    """A starved expert leans on the layer: its Hessian plus as many average tokens of the layer's, in
    place. Returns what part of each Hessian the layer's are then, [C].
    """
    H.add_(mean * tokens)
    known = sums.cpu()
    each = float(mean_weight(known))
    shares: List[float] = []
    for c in range(H.shape[0]):
        shares.append(share_of(tokens * each, float(known[first + c, 1])))
    return torch.tensor(shares, dtype=torch.float32)


def share_of(part: float, rest: float) -> float:
    return 0.0 if part + rest <= 0.0 else part / (part + rest)


def by_noise(
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


def lean(
    H: Tensor,
    mean: Tensor,
    target: Tensor,
    own: Tensor,
    squares: Tensor,
    each: Tensor,
    fourth: Tensor,
) -> Tensor:
    """One Hessian [K, K] for `by_noise`, in place; returns the share. Numbers are float64
    scalars on the device of H, so that nobody waits for it.
    """
    S = H / torch.where(own > 0.0, own, torch.ones_like(own)).to(torch.float32)
    d2 = torch.sum(torch.square(S - target), dtype=torch.float64)
    s2 = torch.sum(torch.square(S), dtype=torch.float64)
    share, part = share_by_noise(d2, s2, own, squares, each, fourth)
    H.add_(mean * part.to(torch.float32))
    return share


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


def shares_by_noise(distances: Tensor, sums: Tensor, first: int, fourth: Tensor) -> Tensor:
    """Of Hessians of experts from `first` on both numbers of `share_by_noise`, float32 [2, C], where
    distances [C, n, 2] are parts of |S|^2 and |S - M|^2.
    """
    known = sums[first : first + distances.shape[0]]
    s2 = torch.sum(distances[:, :, 0], [1])
    d2 = torch.sum(distances[:, :, 1], [1])
    share, part = share_by_noise(d2, s2, known[:, 1], known[:, 2], mean_weight(sums), fourth)
    return torch.stack([share, part]).to(torch.float32)


def noise_target(mean: Tensor, sums: Tensor) -> Tensor:
    """M of `by_noise`."""
    return target_of(mean, mean_weight(sums))


def target_of(mean: Tensor, each: Tensor) -> Tensor:
    """The layer's second moments M, of what a (token, slot) pair adds and counts on average."""
    return mean / torch.where(each > 0.0, each, torch.ones_like(each)).to(torch.float32)


def mean_weight(sums: Tensor) -> Tensor:
    """What a (token, slot) pair of the layer counts on average, a scalar."""
    return torch.sum(sums[:, 1]) / torch.clamp_min(torch.sum(sums[:, 0]), 1.0)
