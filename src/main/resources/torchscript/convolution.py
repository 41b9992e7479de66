"""Short causal convolutions over sequences that all start at position 0."""

from typing import List

import torch
import torch.nn.functional as F
from torch import Tensor


def causal(x: Tensor, w: Tensor, bias: List[Tensor]) -> Tensor:
    """Depthwise: every channel has a filter of its own over its latest values, w [C, 1, K], the
    newest value last; bias is empty or [C]. x [B, S, C] -> [B, S, C]
    """
    width = w.shape[2]
    channels = torch.constant_pad_nd(torch.transpose(x, 1, 2), [width - 1, 0])
    if len(bias) > 0:
        out = torch.conv1d(channels, w, bias[0], [1], [0], [1], x.shape[2])
    else:
        out = torch.conv1d(channels, w, None, [1], [0], [1], x.shape[2])
    return torch.transpose(out, 1, 2)


def causal_silu(x: Tensor, w: Tensor, bias: List[Tensor], batch: int) -> Tensor:
    """The same of rows [B*S, C], with SiLU after it."""
    sequences = torch.reshape(x, [batch, -1, x.shape[1]])
    return torch.flatten(F.silu(causal(sequences, w, bias)), 0, 1)


def gated(rows: Tensor, w: Tensor, bias: List[Tensor], batch: int) -> Tensor:
    """LFM2's gated short convolution: rows [B*S, 3H] hold B, C and x; C times the convolution of
    B x -> [B*S, H]
    """
    width = w.shape[0]
    b = rows[:, :width]
    c = rows[:, width : 2 * width]
    x = rows[:, 2 * width :]
    sequences = torch.reshape(b * x, [batch, -1, width])
    return c * torch.flatten(causal(sequences, w, bias), 0, 1)
