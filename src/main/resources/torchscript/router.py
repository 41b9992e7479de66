"""Routers: which k experts a token goes to, and what each one's output is multiplied with.
logits [T, E] fp32 -> experts int64 [T, k], weights fp32 [T, k]
"""

from typing import Tuple

import torch
from torch import Tensor


def softmax_top_k(
    logits: Tensor, k: int, renormalise: bool, epsilon: float, scale: float
) -> Tuple[Tensor, Tensor]:
    """Softmax over all experts, the k most probable (Shazeer et al. 2017), optionally divided by
    their sum + epsilon, then scaled. Renormalised, it is also the softmax over the k largest
    logits.
    """
    weights, experts = torch.topk(torch.softmax(logits, -1), k, -1)
    if renormalise:
        weights = weights / (torch.sum(weights, [-1], True) + epsilon)
    return (experts, weights * scale)


def group_limited_top_k(
    logits: Tensor, k: int, groups: int, kept: int, scale: float
) -> Tuple[Tensor, Tensor]:
    """Group-limited greedy (DeepSeek-V2, section 2.2.2): only the groups with the most probable
    single expert take part.
    """
    p = torch.softmax(logits, -1)
    best = torch.amax(torch.reshape(p, [p.shape[0], groups, -1]), [-1])
    allowed = in_best_groups(best, kept, p.shape[1])
    weights, experts = torch.topk(torch.masked_fill(p, torch.logical_not(allowed), 0.0), k, -1)
    return (experts, weights * scale)


def sigmoid_top_k(
    logits: Tensor,
    bias: Tensor,
    k: int,
    groups: int,
    kept: int,
    renormalise: bool,
    epsilon: float,
    scale: float,
) -> Tuple[Tensor, Tensor]:
    """Auxiliary-loss-free routing (DeepSeek-V3, section 2.1.2): sigmoid scores; a bias chooses but
    does not weight; the groups with the largest sum of their two best corrected scores take part.
    """
    s = torch.sigmoid(logits)
    corrected = s + bias
    if kept < groups:
        two, _ = torch.topk(torch.reshape(corrected, [s.shape[0], groups, -1]), 2, -1)
        allowed = in_best_groups(torch.sum(two, [-1]), kept, s.shape[1])
        corrected = torch.masked_fill(corrected, torch.logical_not(allowed), float("-inf"))
    _, experts = torch.topk(corrected, k, -1)
    weights = torch.gather(s, 1, experts)
    if renormalise:
        weights = weights / (torch.sum(weights, [-1], True) + epsilon)
    return (experts, weights * scale)


def biased_softmax_top_k(
    logits: Tensor, bias: Tensor, k: int, least: float
) -> Tuple[Tensor, Tensor]:
    """ERNIE 4.5: softmax over all experts; a bias chooses but does not weight; weights are divided
    by their sum, or by `least` where that is smaller.
    """
    p = torch.softmax(logits, -1)
    _, experts = torch.topk(p + bias, k, -1)
    weights = torch.gather(p, 1, experts)
    return (experts, weights / torch.clamp_min(torch.sum(weights, [-1], True), least))


def top_k_sigmoid(logits: Tensor, k: int) -> Tuple[Tensor, Tensor]:
    """Llama 4: the k largest logits, each through a sigmoid of its own."""
    largest, experts = torch.topk(logits, k, -1)
    return (experts, torch.sigmoid(largest))


def scaled_softmax_top_k(logits: Tensor, factors: Tensor, k: int) -> Tuple[Tensor, Tensor]:
    """Gemma 4: softmax over all experts, the k most probable divided by their sum, times a stored
    factor of each expert [E].
    """
    weights, experts = torch.topk(torch.softmax(logits, -1), k, -1)
    weights = weights / torch.sum(weights, [-1], True)
    return (experts, weights * torch.index_select(factors, 0, experts.flatten()).view_as(weights))


def sparse_mixer(logits: Tensor, jitter: float) -> Tuple[Tensor, Tensor]:
    """SparseMixer (Liu et al. 2024, arXiv 2409.12136) at inference, always two experts: the best
    expert's weight is its share among those within a relative band of 2 * jitter below it; the
    second is found and weighted the same way without the first.
    """
    first, first_weight = best_in_band(logits, logits, jitter)
    others = torch.scatter(logits, 1, first, float("-inf"))
    second, second_weight = best_in_band(logits, others, jitter)
    return (torch.cat([first, second], 1), torch.cat([first_weight, second_weight], 1))


def best_in_band(logits: Tensor, eligible: Tensor, jitter: float) -> Tuple[Tensor, Tensor]:
    """The largest of `eligible` and its softmax among those close to it; distances are relative to
    the original logits.
    """
    largest, expert = torch.max(eligible, 1, True)
    distance = (largest - logits) / torch.maximum(torch.abs(logits), largest)
    share = torch.softmax(
        torch.masked_fill(eligible, torch.gt(distance, 2.0 * jitter), float("-inf")), -1
    )
    return (expert, torch.gather(share, 1, expert))


def in_best_groups(score: Tensor, kept: int, experts: int) -> Tensor:
    """Which experts belong to the kept best groups: score [T, groups] -> bool [T, experts]"""
    _, best = torch.topk(score, kept, -1, True, False)
    mask = torch.scatter(torch.zeros_like(score, dtype=torch.bool), 1, best, True)
    return torch.repeat_interleave(mask, experts // score.shape[1], 1)
