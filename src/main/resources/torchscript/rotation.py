"""Rotations of a residual stream, fused into the weights that meet it (Ashkboos et al. 2024, QuaRot,
arXiv 2404.00456, section 4.1; Liu et al. 2024, SpinQuant, arXiv 2405.16406, section 3.1).

A stream x becomes x Q with Q = diag(signs) H / sqrt(block), H = I (x) H_{2^k} (x) small a Hadamard
matrix of each block: signs [n] and small [m, m] hold +1 and -1, float64. What reads the stream
becomes W Q, what writes it Q^T W; sums are float64, results float32.
"""

from typing import List

import torch
from torch import Tensor


def hadamard(x: Tensor, small: Tensor, block: int) -> Tensor:
    """Rows x [R, n] times H / sqrt(block), by sums and differences (the fast Walsh-Hadamard
    transform) but for the factor `small`.
    """
    m = small.shape[0]
    y = torch.matmul(torch.reshape(x, [-1, m]), small)
    half = m
    while half < block:
        pairs = torch.reshape(y, [-1, 2, half])
        first = pairs[:, 0]
        second = pairs[:, 1]
        y = torch.stack([first + second, first - second], 1)
        half = 2 * half
    return torch.reshape(y, x.shape) / float(block) ** 0.5


def rotated(x: Tensor, signs: Tensor, small: Tensor, block: int) -> Tensor:
    """Rows x [R, n] times Q, float64."""
    return hadamard(x.to(torch.float64) * signs, small, block)


def reading(
    weight: Tensor, gain: Tensor, signs: Tensor, small: Tensor, block: int, chunk: int
) -> Tensor:
    """W diag(gain) Q of a weight [R, n], so many rows at once."""
    parts: List[Tensor] = []
    for start in range(0, weight.shape[0], chunk):
        rows = weight[start : min(start + chunk, weight.shape[0])].to(torch.float64) * gain
        parts.append(rotated(rows, signs, small, block).to(torch.float32))
    return torch.cat(parts, 0)


def writing(weight: Tensor, signs: Tensor, small: Tensor, block: int, chunk: int) -> Tensor:
    """Q^T W of a weight [n, K], or b Q of a bias [n]."""
    if weight.dim() == 1:
        return rotated(torch.unsqueeze(weight, 0), signs, small, block)[0].to(torch.float32)
    ones = torch.ones_like(signs)
    turned = reading(torch.transpose(weight, 0, 1), ones, signs, small, block, chunk)
    return torch.transpose(turned, 0, 1).contiguous()


def heads(
    weight: Tensor,
    first: int,
    count: int,
    stride: int,
    signs: Tensor,
    small: Tensor,
    block: int,
) -> Tensor:
    """The rows of each head's values rotated among themselves, R^T W, of a weight [rows, K] or a bias
    [rows].
    """
    d = signs.shape[0]
    result = torch.clone(weight)
    for h in range(count):
        start = first + h * stride
        result[start : start + d] = writing(weight[start : start + d], signs, small, block, 65536)
    return result


def transposed(weight: Tensor) -> Tensor:
    """Columns as rows."""
    return torch.transpose(weight, 0, 1).contiguous()


def one(like: Tensor) -> Tensor:
    """What a norm multiplies with once its weight stands elsewhere."""
    return torch.ones_like(like)
