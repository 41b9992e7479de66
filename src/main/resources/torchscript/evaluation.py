"""What a model says of the next token, and how far that is from what another one says. Logits [1, n,
V]; divergences in nats.
"""

from typing import List, Tuple

import torch
from torch import Tensor


def rows(x: Tensor, first: int, last: int) -> Tensor:
    """Positions first..last-1 of x [B, S, H], counted through all sequences, as [1, n, H]."""
    return torch.unsqueeze(torch.reshape(x, [-1, x.shape[-1]])[first:last], 0)


def joined(parts: List[Tensor]) -> Tensor:
    """Several [1, n, H] as one."""
    return torch.cat(parts, 1)


def chosen_rows(x: Tensor, positions: List[int]) -> Tensor:
    """Some positions of x [B, S, H], counted through all sequences, as [1, n, H]."""
    index = torch.tensor(positions, dtype=torch.int64, device=x.device)
    return torch.unsqueeze(torch.index_select(torch.reshape(x, [-1, x.shape[-1]]), 0, index), 0)


def log_probability(logits: Tensor) -> Tensor:
    """[n, V]"""
    return torch.log_softmax(logits[0].to(torch.float32), -1)


def negative_log_likelihood(log_probability: Tensor, next: Tensor) -> Tensor:
    """-log p(next token) of every row, [n]; 0 where `next` is -1, which is to be predicted by none."""
    chosen = torch.gather(log_probability, -1, torch.unsqueeze(torch.clamp_min(next, 0), -1))
    return torch.where(next >= 0, -torch.squeeze(chosen, -1), torch.zeros_like(chosen[:, 0]))


def most_probable(log_probability: Tensor, count: int) -> Tuple[Tensor, Tensor]:
    """The log-probabilities of the `count` most probable tokens and of all others together, [n,
    count + 1], and those tokens [n, count].
    """
    top, tokens = torch.topk(log_probability, count, -1)
    return with_rest(top), tokens


def with_rest(top: Tensor) -> Tensor:
    """Beside log-probabilities [n, k] the one of all other tokens together: [n, k + 1]."""
    rest = 1.0 - torch.sum(torch.exp(top.to(torch.float64)), [-1], True)
    return torch.cat([top, torch.log(torch.clamp_min(rest, 1e-12)).to(torch.float32)], -1)


def divergence(original: Tensor, tokens: Tensor, log_probability: Tensor) -> Tuple[Tensor, Tensor]:
    """KL(original || model) of every row, [n], and whether both find the same token most probable.

    original [n, V] with no tokens (an empty tensor), or as most_probable gives both.
    """
    model = log_probability
    first = torch.argmax(original, -1)
    if tokens.numel() > 0:
        model = with_rest(torch.gather(log_probability, -1, tokens))
        first = tokens[:, 0]
    terms = torch.exp(original) * (original - model)
    kl = torch.sum(terms, [-1], dtype=torch.float64).to(torch.float32)
    same = (torch.argmax(log_probability, -1) == first).to(torch.float32)
    return kl, same


def changed(original: Tensor, model: Tensor) -> Tensor:
    """Whether a token goes to another set of experts: int64 [T, k] both -> [T]."""
    a, _ = torch.sort(original, -1)
    b, _ = torch.sort(model, -1)
    return torch.any(a != b, -1).to(torch.float32)


def first_rows(x: Tensor, count: int) -> Tensor:
    """x[:count]"""
    return x[:count].contiguous()


def some_rows(x: Tensor, first: int, last: int) -> Tensor:
    """x[first:last]"""
    return x[first:last].contiguous()
