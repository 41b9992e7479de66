"""Gated delta networks (Yang, Kautz and Hatamizadeh 2024, arXiv 2412.06464).

Linear attention whose state S [dk, dv] of every head forgets by a factor alpha and corrects what it
holds for a key. Per token

    S = alpha S;  S = S + k (beta (v - S^T k))^T;  o = S^T q
"""

from typing import Tuple

import torch
import torch.nn.functional as F
from torch import Tensor

import attention


def split_joint(
    qkvz: Tensor, ba: Tensor, key_heads: int, value_heads: int, key_width: int, value_width: int
) -> Tuple[Tensor, Tensor, Tensor, Tensor]:
    """Each key head's [query, key, values, gates] and [betas, decays] side by side (Qwen3-Next).

    -> what is convolved [T, 2 K dk + V dv], gates [T, V dv], betas and decays [T, V]
    """
    rows = qkvz.shape[0]
    each = value_heads // key_heads
    heads = torch.reshape(qkvz, [rows, key_heads, -1])
    values = 2 * key_width + each * value_width
    q = torch.flatten(heads[:, :, :key_width], 1)
    k = torch.flatten(heads[:, :, key_width : 2 * key_width], 1)
    v = torch.flatten(heads[:, :, 2 * key_width : values], 1)
    z = torch.flatten(heads[:, :, values : values + each * value_width], 1)
    pairs = torch.reshape(ba, [rows, key_heads, -1])
    b = torch.flatten(pairs[:, :, :each], 1)
    a = torch.flatten(pairs[:, :, each : 2 * each], 1)
    return (torch.cat([q, k, v], 1), z, b, a)


def unit(x: Tensor) -> Tensor:
    """x / |x| over the last dimension"""
    return x * torch.rsqrt(torch.sum(x * x, [-1], True) + 1e-6)


def mix(
    convolved: Tensor,
    b: Tensor,
    a: Tensor,
    A_log: Tensor,
    dt_bias: Tensor,
    batch: int,
    key_heads: int,
    key_width: int,
    value_width: int,
) -> Tensor:
    """The block between projections.

    convolved [B*S, 2 K dk + V dv], betas and decays before their functions [B*S, V], A_log and
    dt_bias [V] -> [B*S, V dv]
    """
    keys = key_heads * key_width
    value_heads = b.shape[1]
    each = value_heads // key_heads
    q = attention.split_heads(convolved[:, :keys], batch, key_heads)
    k = attention.split_heads(convolved[:, keys : 2 * keys], batch, key_heads)
    v = attention.split_heads(convolved[:, 2 * keys : convolved.shape[1]], batch, value_heads)
    q = torch.repeat_interleave(unit(q), each, 1) * torch.pow(float(key_width), -0.5)
    k = torch.repeat_interleave(unit(k), each, 1)
    beta = torch.transpose(torch.reshape(torch.sigmoid(b), [batch, -1, value_heads]), 1, 2)
    g = torch.neg(torch.exp(A_log)) * F.softplus(a + dt_bias)
    decay = torch.transpose(torch.reshape(g, [batch, -1, value_heads]), 1, 2)
    out = chunked(q, k, v, decay, beta, 64)
    return torch.reshape(torch.transpose(out, 1, 2), [-1, value_heads * value_width])


def recurrent(q: Tensor, k: Tensor, v: Tensor, decay: Tensor, beta: Tensor) -> Tensor:
    """Token by token, as the formula above stands.

    q, k [B, V, S, dk], v [B, V, S, dv], decay = log alpha and beta [B, V, S]
    """
    S = torch.zeros(
        [q.shape[0], q.shape[1], q.shape[3], v.shape[3]], dtype=torch.float32, device=q.device
    )
    out = torch.zeros_like(v)
    for t in range(q.shape[2]):
        S = S * torch.unsqueeze(torch.unsqueeze(torch.exp(decay[:, :, t]), 2), 3)
        key = torch.unsqueeze(k[:, :, t], 3)
        held = torch.sum(S * key, [2])
        change = torch.unsqueeze(beta[:, :, t], 2) * (v[:, :, t] - held)
        S = S + key * torch.unsqueeze(change, 2)
        out[:, :, t] = torch.sum(S * torch.unsqueeze(q[:, :, t], 3), [2])
    return out


def chunked(q: Tensor, k: Tensor, v: Tensor, decay: Tensor, beta: Tensor, size: int) -> Tensor:
    """The same in chunks (section 3.3).

    Within a chunk the corrections u of all tokens solve one triangular system, so that a chunk
    costs a few matrix products and only the state goes from chunk to chunk. With c_i the decay
    summed from the chunk's start, D_ij = exp(c_i - c_j) for i >= j and, for i > j,
    A_ij = beta_i (k_i . k_j) D_ij:

      (I + A) u = beta v;  (I + A) w = beta exp(c) k;  u' = u - w S
      o = exp(c) q S + (q k^T * D) u';  S = exp(c_last) S + (exp(c_last - c) k)^T u'
    """
    length = q.shape[2]
    padding = (size - length % size) % size
    chunks = (length + padding) // size
    batch, heads = q.shape[0], q.shape[1]
    queries = torch.reshape(
        torch.constant_pad_nd(q, [0, 0, 0, padding]), [batch, heads, chunks, size, -1]
    )
    keys = torch.reshape(
        torch.constant_pad_nd(k, [0, 0, 0, padding]), [batch, heads, chunks, size, -1]
    )
    values = torch.reshape(
        torch.constant_pad_nd(v, [0, 0, 0, padding]), [batch, heads, chunks, size, -1]
    )
    weights = torch.unsqueeze(
        torch.reshape(torch.constant_pad_nd(beta, [0, padding]), [batch, heads, chunks, size]), 4
    )
    c = torch.cumsum(
        torch.reshape(torch.constant_pad_nd(decay, [0, padding]), [batch, heads, chunks, size]), 3
    )
    position = torch.arange(0, size, 1, dtype=torch.int64, device=q.device)
    later = torch.gt(torch.unsqueeze(position, 0), torch.unsqueeze(position, 1))
    D = torch.exp(
        torch.masked_fill(torch.unsqueeze(c, 4) - torch.unsqueeze(c, 3), later, float("-inf"))
    )
    # Entries on and above the diagonal are not read by the solver.
    A = torch.matmul(keys * weights, torch.transpose(keys, 3, 4)) * D
    u = torch.linalg.solve_triangular(
        A, values * weights, upper=False, left=True, unitriangular=True
    )
    w = torch.linalg.solve_triangular(
        A,
        keys * weights * torch.unsqueeze(torch.exp(c), 4),
        upper=False,
        left=True,
        unitriangular=True,
    )
    within = torch.matmul(queries, torch.transpose(keys, 3, 4)) * D
    decayed = queries * torch.unsqueeze(torch.exp(c), 4)
    last = c[:, :, :, size - 1 : size]
    remembered = keys * torch.unsqueeze(torch.exp(last - c), 4)
    S = torch.zeros([batch, heads, q.shape[3], v.shape[3]], dtype=torch.float32, device=q.device)
    out = torch.zeros_like(values)
    for i in range(chunks):
        corrected = u[:, :, i] - torch.matmul(w[:, :, i], S)
        out[:, :, i] = torch.matmul(decayed[:, :, i], S) + torch.matmul(within[:, :, i], corrected)
        kept = S * torch.unsqueeze(torch.exp(last[:, :, i]), 3)
        S = kept + torch.matmul(torch.transpose(remembered[:, :, i], 2, 3), corrected)
    return torch.reshape(out, [batch, heads, chunks * size, -1])[:, :, :length]


def gated_norm(x: Tensor, z: Tensor, w: Tensor, eps: float) -> Tensor:
    """Every head's output normalised, times the weight [dv] and SiLU of the gate: x, z [T, V dv]"""
    return attention.head_norm(x, w, eps) * F.silu(z)
