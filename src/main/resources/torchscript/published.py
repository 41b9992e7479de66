"""GPTQ as it was published (Frantar et al. 2023, arXiv 2210.17323, algorithm 1): one matrix at a
time, column after column, each group's scale from its least and greatest weight when its first
column is reached. What gptq.py is compared with, in time and in error.
"""

from typing import Tuple

import torch
from torch import Tensor


def solve(
    weight: Tensor, hessian: Tensor, group_size: int, bits: int, damp: float, block: int
) -> Tuple[Tensor, Tensor]:
    """weight [R, K] and hessian [K, K] -> quantized weight [R, K] and (w-q)^T H (w-q) per row [R]."""
    R, K = weight.shape[0], weight.shape[1]
    W, Q = torch.clone(weight), torch.zeros_like(weight)
    H = hessian + torch.diag_embed(
        damp * torch.mean(torch.diagonal(hessian)).expand([K]).contiguous()
    )
    U = torch.linalg.cholesky(torch.cholesky_inverse(torch.linalg.cholesky(H))).mH
    greatest = float((1 << (bits - 1)) - 1)
    scale = torch.ones([R], dtype=weight.dtype, device=weight.device)
    for first in range(0, K, block):
        last = min(first + block, K)
        W1, U1 = torch.clone(W[:, first:last]), U[first:last, first:last]
        Err = torch.zeros_like(W1)
        for i in range(last - first):
            column = first + i
            if column % group_size == 0:
                group = torch.abs(W1[:, i : i + group_size])
                scale = torch.clamp_min(torch.amax(group, [1]) / (greatest + 0.5), 1e-30)
            w = W1[:, i]
            q = torch.clamp(torch.round(w / scale), -greatest - 1.0, greatest) * scale
            Q[:, column] = q
            err = (w - q) / U1[i, i]
            W1[:, i:] -= torch.matmul(torch.unsqueeze(err, 1), torch.unsqueeze(U1[i, i:], 0))
            Err[:, i] = err
        W[:, last:] -= torch.matmul(Err, U[first:last, last:])
    E = weight - Q
    return Q, torch.sum(torch.matmul(E, hessian) * E, [1])


def random(like: Tensor, rows: int, columns: int) -> Tensor:
    """Normally distributed numbers on the device of another array, with a few large inputs."""
    x = torch.randn([rows, columns], dtype=torch.float32, device=like.device)
    x[:, ::7] *= 4.0
    return x
