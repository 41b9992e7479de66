"""Normalisation of the last dimension."""

import torch
import torch.nn.functional as F
from torch import Tensor


def rms_norm(x: Tensor, w: Tensor, eps: float) -> Tensor:
    """Root mean square normalisation (Zhang and Sennrich 2019): w * x / sqrt(mean(x^2) + eps).
    x [..., n] fp32, w [n] fp32 -> [..., n]
    """
    if x.is_cuda:
        # One pass over x where libtorch has a kernel for it.
        return torch.rms_norm(x, [w.shape[0]], w, eps)
    return w * (x * torch.rsqrt(torch.mean(x * x, [-1], True) + eps))


def layer_norm(x: Tensor, w: Tensor, b: Tensor, eps: float) -> Tensor:
    """Layer normalisation (Ba et al. 2016): (x - mean) / sqrt(variance + eps) * w + b; w, b [n]"""
    return F.layer_norm(x, [w.shape[0]], w, b, eps)


def plus_one(w: Tensor) -> Tensor:
    """1 + w, what Gemma's norms multiply with."""
    return w + 1.0
