"""Mamba-2 (Dao and Gu 2024, arXiv 2405.21060).

A state h [N, P] of every head decays and takes in the input. Per token

    h = exp(dt A) h + B (dt x)^T;  y = h^T C + D x
"""

import torch
import torch.nn.functional as F
from torch import Tensor

import attention


def mix(
    convolved: Tensor,
    steps: Tensor,
    A_log: Tensor,
    D: Tensor,
    dt_bias: Tensor,
    batch: int,
    width: int,
    groups: int,
    least: float,
    most: float,
) -> Tensor:
    """The block between projections.

    convolved [B*S, I + 2 G N] holding x, B and C, steps before their function [B*S, heads], A_log,
    D and dt_bias [heads], steps between least and most -> [B*S, I]
    """
    heads = steps.shape[1]
    inner = heads * width
    state = (convolved.shape[1] - inner) // (2 * groups)
    each = heads // groups
    x = attention.split_heads(convolved[:, :inner], batch, heads)
    b = attention.split_heads(convolved[:, inner : inner + groups * state], batch, groups)
    c = attention.split_heads(convolved[:, inner + groups * state :], batch, groups)
    b = torch.repeat_interleave(b, each, 1)
    c = torch.repeat_interleave(c, each, 1)
    dt = torch.clamp(F.softplus(steps + dt_bias), least, most)
    dt = torch.transpose(torch.reshape(dt, [batch, -1, heads]), 1, 2)
    decay = dt * torch.reshape(torch.neg(torch.exp(A_log)), [1, heads, 1])
    y = chunked(c, b, x * torch.unsqueeze(dt, 3), decay, 64)
    y = y + x * torch.reshape(D, [1, heads, 1, 1])
    return torch.reshape(torch.transpose(y, 1, 2), [-1, inner])


def recurrent(c: Tensor, b: Tensor, x: Tensor, decay: Tensor) -> Tensor:
    """Token by token, as the formula above stands.

    c, b [B, H, S, N], x (times dt) [B, H, S, P], decay = dt A [B, H, S] -> [B, H, S, P]
    """
    h = torch.zeros([x.shape[0], x.shape[1], b.shape[3], x.shape[3]], device=x.device)
    out = torch.zeros_like(x)
    for t in range(x.shape[2]):
        h = h * torch.unsqueeze(torch.unsqueeze(torch.exp(decay[:, :, t]), 2), 3)
        h = h + torch.unsqueeze(b[:, :, t], 3) * torch.unsqueeze(x[:, :, t], 2)
        out[:, :, t] = torch.sum(h * torch.unsqueeze(c[:, :, t], 3), [2])
    return out


def chunked(c: Tensor, b: Tensor, x: Tensor, decay: Tensor, size: int) -> Tensor:
    """The same in chunks (section 6). With s_i the decay summed from the chunk's start and
    L_ij = exp(s_i - s_j) for i >= j,

        y = (c b^T * L) x + exp(s) c h;  h = exp(s_last) h + (exp(s_last - s) b)^T x
    """
    length = x.shape[2]
    padding = (size - length % size) % size
    chunks = (length + padding) // size
    batch, heads = x.shape[0], x.shape[1]
    shape = [batch, heads, chunks, size, -1]
    queries = torch.reshape(torch.constant_pad_nd(c, [0, 0, 0, padding]), shape)
    keys = torch.reshape(torch.constant_pad_nd(b, [0, 0, 0, padding]), shape)
    values = torch.reshape(torch.constant_pad_nd(x, [0, 0, 0, padding]), shape)
    flat = torch.constant_pad_nd(decay, [0, padding])
    s = torch.cumsum(torch.reshape(flat, [batch, heads, chunks, size]), 3)
    position = torch.arange(0, size, device=x.device)
    later = torch.gt(torch.unsqueeze(position, 0), torch.unsqueeze(position, 1))
    difference = torch.unsqueeze(s, 4) - torch.unsqueeze(s, 3)
    L = torch.exp(torch.masked_fill(difference, later, float("-inf")))
    out = torch.matmul(torch.matmul(queries, torch.transpose(keys, 3, 4)) * L, values)
    decayed = queries * torch.unsqueeze(torch.exp(s), 4)
    last = s[:, :, :, size - 1 : size]
    remembered = keys * torch.unsqueeze(torch.exp(last - s), 4)
    h = torch.zeros([batch, heads, b.shape[3], x.shape[3]], device=x.device)
    for i in range(chunks):
        out[:, :, i] = out[:, :, i] + torch.matmul(decayed[:, :, i], h)
        kept = h * torch.unsqueeze(torch.exp(last[:, :, i]), 3)
        h = kept + torch.matmul(torch.transpose(remembered[:, :, i], 2, 3), values[:, :, i])
    return torch.reshape(out, [batch, heads, chunks * size, -1])[:, :, :length]


def gated_norm(x: Tensor, z: Tensor, w: Tensor, groups: int, eps: float) -> Tensor:
    """The output times SiLU of the gate, then normalised in groups of equal size, times the weight:
    x, z [T, I], w [I]
    """
    parts = torch.reshape(x * F.silu(z), [x.shape[0], groups, -1])
    scaled = parts * torch.rsqrt(torch.mean(parts * parts, [-1], True) + eps)
    return torch.flatten(scaled, 1) * w
