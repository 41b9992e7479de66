"""Affine maps and the residual stream; weights are stored [out, in]."""

import torch
import torch.nn.functional as F
from torch import Tensor


def apply(x: Tensor, w: Tensor) -> Tensor:
    """x [..., in], w [out, in] -> [..., out]"""
    return F.linear(x, w)


def apply_biased(x: Tensor, w: Tensor, b: Tensor) -> Tensor:
    """The same plus b [out]."""
    return F.linear(x, w, b)


def rows(x: Tensor) -> Tensor:
    """The rows of a residual stream: x [B, S, H] -> [B*S, H]"""
    return torch.reshape(x, [-1, x.shape[-1]])


def residual(x: Tensor, y: Tensor, factor: float) -> Tensor:
    """X + factor * y for a block's output y [B*S, H] -> [B, S, H]"""
    if factor == 1.0:
        return x + torch.reshape(y, x.shape)
    return x + torch.reshape(y, x.shape) * factor


def scale(x: Tensor, factor: float) -> Tensor:
    """Scales every element."""
    return x * factor


def soft_cap(x: Tensor, cap: float) -> Tensor:
    """cap * tanh(x / cap) (Gemma 2, section 2), in (-cap, cap)."""
    return torch.tanh(x / cap) * cap


def clamp(x: Tensor, limit: float) -> Tensor:
    """Limits every element to [-limit, limit]."""
    return torch.clamp(x, -limit, limit)


def first_half(x: Tensor) -> Tensor:
    """The first half of the last dimension."""
    return x[..., : x.shape[-1] // 2]


def second_half(x: Tensor) -> Tensor:
    """The other half."""
    return x[..., x.shape[-1] // 2 : x.shape[-1]]


def multiply(x: Tensor, y: Tensor) -> Tensor:
    """Elementwise product with broadcasting: x [T, n], y [T, 1] or [T, n]"""
    return x * y
