"""Operations on a batch of matrices that round each alike whatever shares its batch, their rows in
other orders, and a matrix's spectrum.
"""

import torch
from torch import Tensor


def product(A: Tensor, B: Tensor) -> Tensor:
    """A[b] B[b] of every element, one after the other.

    Libraries choose how to multiply by the size of the batch. An element alone is rounded alike
    whatever shares its batch, so that no result depends on how many elements fitted the memory.
    """
    out = torch.empty([A.shape[0], A.shape[1], B.shape[2]], dtype=A.dtype, device=A.device)
    for b in range(A.shape[0]):
        torch.mm(A[b], B[b], out=out[b])
    return out


def subtract_product(C: Tensor, A: Tensor, B: Tensor) -> Tensor:
    """C[b] -= A[b] B[b] of every element, one after the other, in place."""
    for b in range(C.shape[0]):
        C[b].addmm_(A[b], B[b], beta=1.0, alpha=-1.0)
    return C


def diagonal(H: Tensor) -> Tensor:
    return torch.diagonal(H, dim1=-2, dim2=-1)


def reorder(x: Tensor, order: Tensor) -> Tensor:
    """Rows of x [B, K, R] in each element's own order [B, K]."""
    return torch.gather(x, 1, torch.unsqueeze(order, -1).expand_as(x))


def both_ways(H: Tensor, order: Tensor) -> Tensor:
    """Rows and columns of H [B, K, K] in an order."""
    return reorder(torch.transpose(reorder(H, order), 1, 2), order).contiguous()


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
