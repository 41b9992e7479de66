"""Causal self-attention over sequences that all start at position 0."""

from typing import List, Tuple

import torch
import torch.nn.functional as F
from torch import Tensor

import norm
import rope


def split_heads(x: Tensor, batch: int, heads: int) -> Tensor:
    """[B*S, heads*D] -> [B, heads, S, D]"""
    length = x.shape[0] // batch
    return torch.transpose(torch.reshape(x, [batch, length, heads, -1]), 1, 2)


def fits_half(arrays: List[Tensor]) -> bool:
    """Whether all numbers are well within float16's range."""
    largest: List[Tensor] = []
    for x in arrays:
        least, greatest = torch.aminmax(x)
        largest.append(torch.maximum(-least, greatest))
    return float(torch.max(torch.stack(largest))) < 32768.0


def attend(
    q: Tensor, k: Tensor, v: Tensor, scale: float, window: int, dtype: int
) -> Tensor:
    """Scaled dot-product attention (Vaswani et al. 2017). q [B, A, S, Dq], k [B, K, S, Dq], v [B,
    K, S, Dv] with A a multiple of K: query head h reads key head h // (A/K). With a window (0:
    none) position i sees positions i-window+1..i. Computed in a dtype, but in float32 (6) where float16
    (5) has no room -> [B*S, A*Dv], heads in order
    """
    if dtype == 5 and not fits_half([q, k, v]):
        dtype = 6
    return attend_in(q, k, v, scale, window, dtype).to(torch.float32)


def half_heads(like: Tensor, shape: List[int]) -> Tensor:
    """Room for heads in float16."""
    return torch.empty(shape, dtype=torch.float16, device=like.device)


def attend_in(
    q: Tensor, k: Tensor, v: Tensor, scale: float, window: int, dtype: int
) -> Tensor:
    """The same in a dtype that has room, which the result has too."""
    batch = q.shape[0]
    length = q.shape[2]
    group = q.shape[1] // k.shape[1]
    q = q.to(dtype)
    keys = k.to(dtype)
    values = v.to(dtype)
    if group > 1:
        keys = torch.repeat_interleave(keys, group, 1)
        values = torch.repeat_interleave(values, group, 1)
    if window > 0 and window < length:
        position = torch.arange(0, length, 1, dtype=torch.int64, device=q.device)
        distance = torch.unsqueeze(position, 1) - torch.unsqueeze(position, 0)
        seen = torch.logical_and(torch.ge(distance, 0), torch.lt(distance, window))
        out = F.scaled_dot_product_attention(q, keys, values, seen, 0.0, False, scale=scale)
    else:
        out = F.scaled_dot_product_attention(q, keys, values, None, 0.0, True, scale=scale)
    return torch.reshape(torch.transpose(out, 1, 2), [batch * length, -1])


def attend_in_chunks(
    q: Tensor, k: Tensor, v: Tensor, scale: float, size: int, dtype: int
) -> Tensor:
    """The same within chunks of positions, which know nothing of each other (Llama 4): every chunk is
    a sequence of its own.
    """
    length = q.shape[2]
    padding = (size - length % size) % size
    parts: List[Tensor] = []
    for x in [q, k, v]:
        padded = torch.constant_pad_nd(x, [0, 0, 0, padding])
        chunks = torch.reshape(padded, [x.shape[0], x.shape[1], -1, size, x.shape[3]])
        parts.append(torch.flatten(torch.transpose(chunks, 1, 2), 0, 1))
    out = attend(parts[0], parts[1], parts[2], scale, 0, dtype)
    return torch.flatten(torch.reshape(out, [q.shape[0], length + padding, -1])[:, :length], 0, 1)


def attend_by_head(
    q: Tensor, k: Tensor, v: Tensor, sinks: List[Tensor], scale: float, window: int, cap: float
) -> Tensor:
    """The same where scores are changed before the softmax, one key head at a time: the scores of
    all heads together would be far larger than anything else. With a cap c (0: none) a score s
    becomes c tanh(s / c) (Gemma 2, section 2). With learned sinks [A] (gpt-oss model card, section
    2.3; else an empty list) one more logit per head takes part in the softmax and is dropped after
    it, so that the weights of the values sum to less than one.
    """
    batch = q.shape[0]
    length = q.shape[2]
    group = q.shape[1] // k.shape[1]
    position = torch.arange(0, length, 1, dtype=torch.int64, device=q.device)
    distance = torch.unsqueeze(position, 1) - torch.unsqueeze(position, 0)
    unseen = torch.lt(distance, 0)
    if window > 0:
        unseen = torch.logical_or(unseen, torch.ge(distance, window))
    out = torch.empty([batch, q.shape[1], length, v.shape[3]], dtype=torch.float32, device=q.device)
    for b in range(batch):
        for head in range(k.shape[1]):
            queries = q[b, head * group : (head + 1) * group]
            scores = torch.matmul(queries, torch.transpose(k[b, head], 0, 1)) * scale
            if cap > 0.0:
                scores = torch.tanh(scores / cap) * cap
            scores = torch.masked_fill(scores, unseen, float("-inf"))
            if len(sinks) > 0:
                sink = torch.reshape(sinks[0][head * group : (head + 1) * group], [group, 1, 1])
                scores = torch.cat([scores, sink.expand([-1, length, -1])], 2)
            p = torch.softmax(scores, -1)
            out[b, head * group : (head + 1) * group] = torch.matmul(p[:, :, :length], v[b, head])
    return torch.reshape(torch.transpose(out, 1, 2), [batch * length, -1])


def head_norm(x: Tensor, w: Tensor, eps: float) -> Tensor:
    """Root mean square normalisation of every head's vector on its own: x [T, heads*D], w [D]."""
    heads = torch.reshape(x, [x.shape[0], -1, w.shape[0]])
    return torch.reshape(norm.rms_norm(heads, w, eps), [x.shape[0], -1])


def rotated_heads(x: Tensor, table: Tensor, batch: int, heads: int, interleaved: bool) -> Tensor:
    """Heads with rotary embeddings: x [B*S, heads*D], table [2, S, d/2] -> [B, heads, S, D]"""
    return rope.rotate(split_heads(x, batch, heads), table, interleaved)


def grow(q: Tensor, beta: float, every: float, shift: int) -> Tensor:
    """Queries [B, A, S, D] times 1 + beta log(1 + floor((position + shift) / every)), Llama 4's
    temperature for long inputs.
    """
    position = torch.arange(0, q.shape[2], 1, dtype=torch.float32, device=q.device)
    factor = torch.log(torch.floor((position + shift) / every) + 1.0) * beta + 1.0
    return q * torch.unsqueeze(factor, 1)


def query_and_gate(x: Tensor, heads: int) -> Tuple[Tensor, Tensor]:
    """A projection that holds each head's query and then its gate, [T, heads*2D] -> both [T,
    heads*D]
    """
    pairs = torch.reshape(x, [x.shape[0], heads, 2, -1])
    return (torch.flatten(pairs[:, :, 0], 1), torch.flatten(pairs[:, :, 1], 1))


def gated(x: Tensor, gate: Tensor) -> Tensor:
    """The heads' outputs times the sigmoid of a gate, both [T, A*D]."""
    return x * torch.sigmoid(gate)


def softplus_gated(x: Tensor, gate: Tensor) -> Tensor:
    """The heads' outputs [T, A*D] times the softplus of a gate: [T, A*D], or [T, A] for one to a head."""
    factor = F.softplus(gate)
    if gate.shape[1] == x.shape[1]:
        return x * factor
    heads = torch.reshape(x, [x.shape[0], gate.shape[1], -1])
    return torch.flatten(heads * torch.unsqueeze(factor, 2), 1)


def latent_heads(
    q: Tensor, k_rope: Tensor, kv: Tensor, table: Tensor, batch: int, heads: int, interleaved: bool
) -> Tuple[Tensor, Tensor, Tensor]:
    """The heads of multi-head latent attention (DeepSeek-V2, section 2.1): q [B*S, A*(dn+dr)],
    k_rope [B*S, dr] shared by all heads, kv [B*S, A*(dn+dv)] holding each head's unrotated key,
    then its value -> queries, keys [B, A, S, dn+dr], values
    """
    width = k_rope.shape[1]
    queries = split_heads(q, batch, heads)
    plain = queries.shape[3] - width
    turned = rope.rotate(queries[:, :, :, plain : plain + width], table, interleaved)
    queries = torch.cat([queries[:, :, :, :plain], turned], 3)
    shared = rope.rotate(split_heads(k_rope, batch, 1), table, interleaved)
    pairs = split_heads(kv, batch, heads)
    keys = torch.cat([pairs[:, :, :, :plain], shared.expand([-1, heads, -1, -1])], 3)
    return (queries, keys, pairs[:, :, :, plain : pairs.shape[3]])


def attend_chosen(q: Tensor, k: Tensor, v: Tensor, chosen: Tensor, scale: float) -> Tensor:
    """Attention over chosen keys: chosen bool [B, S, S], as many key heads as query heads."""
    out = F.scaled_dot_product_attention(
        q, k, v, torch.unsqueeze(chosen, 1), 0.0, False, scale=scale
    )
    return torch.reshape(torch.transpose(out, 1, 2), [q.shape[0] * q.shape[2], -1])


def choose_keys(
    q: Tensor, key: Tensor, w: Tensor, table: Tensor, batch: int, k: int, interleaved: bool
) -> Tensor:
    """The lightning indexer (DeepSeek-V3.2-Exp, section 2.1): I[t, s] = sum over heads of w[t, h]
    relu(q[t, h] . k[s]), both scaled by the roots of their counts; each query keeps the k best of
    the keys up to its own position. q [B*S, heads*d], key [B*S, d], w [B*S, heads], table [2, S,
    dr/2] -> bool [B, S, S]
    """
    heads = w.shape[1]
    queries = rope.rotate(split_heads(q, batch, heads), table, interleaved)
    keys = rope.rotate(split_heads(key, batch, 1), table, interleaved)
    length = queries.shape[2]
    weights = torch.transpose(torch.reshape(w, [batch, length, heads]), 1, 2) * torch.pow(
        float(heads), -0.5
    )
    scale = torch.pow(float(key.shape[1]), -0.5)
    position = torch.arange(0, length, 1, dtype=torch.int64, device=q.device)
    unseen = torch.gt(torch.unsqueeze(position, 0), torch.unsqueeze(position, 1))
    chosen = torch.zeros([batch, length, length], dtype=torch.bool, device=q.device)
    for b in range(batch):
        total = torch.zeros([length, length], dtype=torch.float32, device=q.device)
        for head in range(heads):
            scores = torch.relu(
                torch.matmul(queries[b, head], torch.transpose(keys[b, 0], 0, 1)) * scale
            )
            total = total + torch.unsqueeze(weights[b, head], 1) * scores
        _, best = torch.topk(torch.masked_fill(total, unseen, float("-inf")), k, -1)
        chosen[b] = torch.logical_and(
            torch.scatter(chosen[b], 1, best, True), torch.logical_not(unseen)
        )
    return chosen
