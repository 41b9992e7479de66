"""Attention that goes on from the keys and values of earlier positions."""

from typing import List

import torch
from torch import Tensor


def empty(like: Tensor, capacity: int) -> Tensor:
    """Room for keys or values: like [B, K, n, D] -> [B, K, capacity, D]"""
    shape = [like.shape[0], like.shape[1], capacity, like.shape[3]]
    return torch.zeros(shape, dtype=torch.float32, device=like.device)


def put(cache: Tensor, x: Tensor, first: int) -> Tensor:
    """X [B, K, n, D] at positions first.., in place."""
    cache[:, :, first : first + x.shape[2]] = x
    return cache


def choose(cache: Tensor, places: Tensor) -> Tensor:
    """The sequences at these places, int64 [b]."""
    return torch.index_select(cache, 0, places)


def attend(
    q: Tensor,
    keys: Tensor,
    values: Tensor,
    sinks: List[Tensor],
    scale: float,
    window: int,
    cap: float,
    first: int,
) -> Tensor:
    """Queries [B, A, n, D] at positions first.. on keys [B, K, capacity, D] that are filled up to
    themselves; window, cap and sinks as in attention.attend_by_head. -> [B*n, A*Dv]
    """
    batch = q.shape[0]
    count = q.shape[2]
    seen = first + count
    group = q.shape[1] // keys.shape[1]
    queries = torch.reshape(q, [batch, keys.shape[1], group * count, -1])
    scores = torch.matmul(queries, torch.transpose(keys[:, :, :seen], 2, 3)) * scale
    scores = torch.reshape(scores, [batch, keys.shape[1], group, count, seen])
    if cap > 0.0:
        scores = torch.tanh(scores / cap) * cap
    own = torch.arange(first, seen, 1, dtype=torch.int64, device=q.device)
    other = torch.arange(0, seen, 1, dtype=torch.int64, device=q.device)
    distance = torch.unsqueeze(own, 1) - torch.unsqueeze(other, 0)
    unseen = torch.lt(distance, 0)
    if window > 0:
        unseen = torch.logical_or(unseen, torch.ge(distance, window))
    scores = torch.masked_fill(scores, unseen, float("-inf"))
    if len(sinks) > 0:
        sink = torch.reshape(sinks[0], [1, keys.shape[1], group, 1, 1])
        scores = torch.cat([scores, sink.expand([batch, -1, -1, count, -1])], 4)
    p = torch.softmax(scores, -1)[:, :, :, :, :seen]
    p = torch.reshape(p, [batch, keys.shape[1], group * count, seen])
    out = torch.reshape(torch.matmul(p, values[:, :, :seen]), [batch, q.shape[1], count, -1])
    return torch.reshape(torch.transpose(out, 1, 2), [batch * count, -1])
