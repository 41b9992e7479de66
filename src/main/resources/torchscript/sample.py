"""Choosing the next token."""

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
