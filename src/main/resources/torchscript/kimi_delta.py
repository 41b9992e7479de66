"""Kimi delta attention (Kimi Linear, arXiv 2510.26692, section 3): a gated delta net (delta_net.py)
whose state S [dk, dv] of every head forgets each key channel by a factor alpha [dk] of its own. Per
token

    S = diag(alpha) S;  S = S + k (beta (v - S^T k))^T;  o = S^T q
"""

import torch
import torch.nn.functional as F
from torch import Tensor

import attention
import delta_net


def mix(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    a: Tensor,
    b: Tensor,
    A_log: Tensor,
    dt_bias: Tensor,
    batch: int,
    heads: int,
) -> Tensor:
    """The block between projections.

    q, k and v after their convolutions and decays before their function [B*S, heads*D], betas
    before theirs [B*S, heads], A_log [1, 1, heads, 1], dt_bias [heads*D] -> [B*S, heads*D]
    """
    width = q.shape[1] // heads
    queries = delta_net.unit(attention.split_heads(q, batch, heads))
    queries = queries * torch.pow(float(width), -0.5)
    keys = delta_net.unit(attention.split_heads(k, batch, heads))
    values = attention.split_heads(v, batch, heads)
    beta = torch.transpose(torch.reshape(torch.sigmoid(b), [batch, -1, heads]), 1, 2)
    rate = torch.reshape(torch.neg(torch.exp(A_log)), [1, heads, 1, 1])
    decay = attention.split_heads(F.softplus(a + dt_bias), batch, heads) * rate
    out = chunked(queries, keys, values, decay, beta, 32)
    return torch.reshape(torch.transpose(out, 1, 2), [-1, heads * width])


def recurrent(q: Tensor, k: Tensor, v: Tensor, decay: Tensor, beta: Tensor) -> Tensor:
    """Token by token, as the formula above stands.

    q, k and decay = log alpha [B, H, S, dk], v [B, H, S, dv], beta [B, H, S]
    """
    S = torch.zeros(
        [q.shape[0], q.shape[1], q.shape[3], v.shape[3]], dtype=torch.float32, device=q.device
    )
    out = torch.zeros_like(v)
    for t in range(q.shape[2]):
        S = S * torch.unsqueeze(torch.exp(decay[:, :, t]), 3)
        key = torch.unsqueeze(k[:, :, t], 3)
        held = torch.sum(S * key, [2])
        change = torch.unsqueeze(beta[:, :, t], 2) * (v[:, :, t] - held)
        S = S + key * torch.unsqueeze(change, 2)
        out[:, :, t] = torch.sum(S * torch.unsqueeze(q[:, :, t], 3), [2])
    return out


def chunked(q: Tensor, k: Tensor, v: Tensor, decay: Tensor, beta: Tensor, size: int) -> Tensor:
    """The same in chunks, as in delta_net.chunked. With c_i [dk] the decay summed from the chunk's
    start, products of two tokens i >= j take their decay within the sum over channels, so that no
    exponent is above zero:

      A_ij = beta_i sum_d k_id k_jd exp(c_id - c_jd) for i > j;  P_ij the same of q and k for i >= j
      (I + A) u = beta v;  (I + A) w = beta exp(c) k;  u' = u - w S
      o = exp(c) q S + P u';  S = exp(c_last) S + (exp(c_last - c) k)^T u'
    """
    S = torch.zeros(
        [q.shape[0], q.shape[1], q.shape[3], v.shape[3]], dtype=torch.float32, device=q.device
    )
    out = torch.empty_like(v)
    for start in range(0, q.shape[2], size):
        end = min(start + size, q.shape[2])
        queries = q[:, :, start:end]
        keys = k[:, :, start:end]
        weights = torch.unsqueeze(beta[:, :, start:end], 3)
        c = torch.cumsum(decay[:, :, start:end], 2)
        position = torch.arange(0, end - start, 1, dtype=torch.int64, device=q.device)
        later = torch.gt(torch.unsqueeze(position, 0), torch.unsqueeze(position, 1))
        difference = torch.unsqueeze(c, 3) - torch.unsqueeze(c, 2)
        D = torch.exp(torch.masked_fill(difference, torch.unsqueeze(later, 2), float("-inf")))
        D = D * torch.unsqueeze(keys, 2)
        P = torch.sum(torch.unsqueeze(queries, 3) * D, [4])
        # Entries on and above the diagonal are not read by the solver.
        A = torch.sum(torch.unsqueeze(keys * weights, 3) * D, [4])
        right = torch.cat([v[:, :, start:end] * weights, keys * weights * torch.exp(c)], 3)
        solved = torch.linalg.solve_triangular(A, right, upper=False, left=True, unitriangular=True)
        u = solved[:, :, :, : v.shape[3]]
        w = solved[:, :, :, v.shape[3] : right.shape[3]]
        corrected = u - torch.matmul(w, S)
        out[:, :, start:end] = torch.matmul(queries * torch.exp(c), S) + torch.matmul(P, corrected)
        last = c[:, :, end - start - 1 : end - start]
        remembered = keys * torch.exp(last - c)
        kept = S * torch.transpose(torch.exp(last), 2, 3)
        S = kept + torch.matmul(torch.transpose(remembered, 2, 3), corrected)
    return out


def gated_norm(x: Tensor, gate: Tensor, w: Tensor, eps: float) -> Tensor:
    """Every head's output normalised, times the weight [D] and the sigmoid of the gate: x, gate [T,
    heads*D]
    """
    return attention.head_norm(x, w, eps) * torch.sigmoid(gate)
