"""Choosing the next token."""

from typing import Tuple

import torch
from torch import Tensor


def last(x: Tensor) -> Tensor:
    """The stream at the last position: [B, n, H] -> [B, 1, H]"""
    return x[:, x.shape[1] - 1 :].contiguous()


def draw(logits: Tensor, uniform: Tensor, temperature: float) -> Tensor:
    """Tokens drawn by inverting the distribution function of each row: logits [B, 1, V], uniform
    numbers in [0, 1) [B] -> int64 [B, 1]
    """
    p = torch.softmax(logits[:, 0].to(torch.float64) / temperature, -1)
    below = torch.cumsum(p, -1)
    reached = torch.unsqueeze(uniform.to(torch.float64), 1) * below[:, below.shape[1] - 1 :]
    token = torch.sum((below <= reached).to(torch.int64), [-1], True)
    return torch.clamp_max(token, p.shape[1] - 1)


def given(drawn: Tensor, real: Tensor) -> Tensor:
    """The tokens of real text where they are not negative, else those drawn: int64 [B, n]"""
    return torch.where(real >= 0, real, drawn)


def no_counts(like: Tensor, rows: int, layers: int, experts: int) -> Tensor:
    """Zeros [rows, layers, experts] on the device of `like`."""
    return torch.zeros([rows, layers, experts], dtype=torch.float32, device=like.device)


def count(counts: Tensor, experts: Tensor, layer: int) -> Tensor:
    """Adds the experts [B*n, k] of n tokens of each sequence to counts [B, L, E], in place."""
    chosen = torch.reshape(experts, [counts.shape[0], -1])
    counts[:, layer].scatter_add_(1, chosen, torch.ones_like(chosen, dtype=torch.float32))
    return counts


def variation(counts: Tensor, wanted: Tensor) -> Tensor:
    """How far the tokens per expert are from those that are wanted [L, E], in means of a layer: the
    root of the mean square, mean over layers; where all experts are wanted alike, ones, it is the
    coefficient of variation. [..., L, E] -> [...]
    """
    mean = torch.mean(counts, [-1], True)
    deviation = torch.sqrt(torch.mean(torch.square(counts - mean * wanted), [-1]))
    return torch.mean(deviation / torch.clamp_min(torch.squeeze(mean, -1), 1e-9), [-1])


def imbalance(counts: Tensor, wanted: Tensor, beams: int) -> Tensor:
    """How far the batch's experts are from those that are wanted if a beam is kept and the other sequences stay what their
    beams are on average, times the number of sequences: counts [B, L, E] -> [B]
    """
    own = torch.reshape(counts, [-1, beams, counts.shape[1], counts.shape[2]])
    average = torch.mean(own, [1], True)
    total = own + (torch.sum(average, [0], True) - average)
    return torch.flatten(variation(total, wanted)) * float(own.shape[0])


def candidates(
    logits: Tensor, uniform: Tensor, count: int, temperature: float
) -> Tuple[Tensor, Tensor]:
    """Several draws for each row and their logarithms of probability: logits [B, 1, V], uniform
    numbers [B, count] -> int64 and float32 [B, count]
    """
    p = torch.log_softmax(logits[:, 0].to(torch.float64) / temperature, -1)
    below = torch.cumsum(torch.exp(p), -1).contiguous()
    reached = uniform.to(torch.float64) * below[:, below.shape[1] - 1 :]
    tokens = torch.searchsorted(below, reached.contiguous(), right=True)
    tokens = torch.clamp_max(tokens, p.shape[1] - 1)
    return (tokens, torch.gather(p, 1, tokens).to(torch.float32))


def survivors(
    tokens: Tensor,
    drawn: Tensor,
    before: Tensor,
    counts: Tensor,
    wanted: Tensor,
    length: int,
    beams: int,
    weight: float,
) -> Tuple[Tensor, Tensor, Tensor]:
    """The best `beams` candidates of every sequence in falling order: tokens and logarithms [B, C],
    logarithms of the beams so far [B], their experts [B, L, E] -> beam int64 [B], token [B, 1],
    logarithm [B]
    """
    each = tokens.shape[1]
    total = torch.unsqueeze(before, 1) + drawn
    score = total / float(length) - torch.unsqueeze(imbalance(counts, wanted, beams), 1) * weight
    for c in range(1, each):
        again = torch.any(tokens[:, :c] == tokens[:, c : c + 1], 1)
        score[:, c] = torch.where(again, torch.full_like(score[:, c], float("-inf")), score[:, c])
    _, best = torch.topk(torch.reshape(score, [-1, beams * each]), beams, -1)
    first = torch.arange(0, best.shape[0], 1, dtype=torch.int64, device=best.device) * (beams * each)
    place = torch.flatten(best + torch.unsqueeze(first, 1))
    chosen = torch.index_select(torch.flatten(tokens), 0, place)
    return (
        torch.floor_divide(place, each),
        torch.unsqueeze(chosen, 1),
        torch.index_select(torch.flatten(total), 0, place),
    )
