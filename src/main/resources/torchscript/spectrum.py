"""Spectra of weights."""

import torch
from torch import Tensor


def hill(weight: Tensor) -> Tensor:
    """Hill's estimate of the tail exponent of the density of the eigenvalues of W W^T over their upper
    half: 1 + k / sum(ln(l_i / l_k)) with l_k the least of them. W is [R, K]; the answer a float32
    scalar.
    """
    wide = weight.to(torch.float64)
    if weight.size(0) > weight.size(1):
        wide = torch.transpose(wide, 0, 1)
    values = torch.linalg.eigvalsh(torch.matmul(wide, torch.transpose(wide, 0, 1)))
    count = max(2, values.size(0) // 2)
    upper = torch.clamp_min(values[values.size(0) - count :], 1e-30)
    spread = torch.sum(torch.log(upper / upper[0]))
    return (1.0 + float(count) / torch.clamp_min(spread, 1e-12)).to(torch.float32)
