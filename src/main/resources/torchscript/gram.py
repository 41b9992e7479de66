"""Rows in 16 bits for products with float32 sums. A Hessian is the Gram matrix of rows that carry the
root of what they count. A power of two, the shift, brings rows into the type's range first.
"""

import torch
from torch import Tensor

import hessian


def most_weight(weights: Tensor, power: float) -> Tensor:
    """What the heaviest token counts, [1]; one where there is none."""
    if torch.numel(weights) == 0:
        return torch.ones([1], dtype=torch.float32, device=weights.device)
    return torch.reshape(torch.max(hessian.token_weight(weights, power)), [1])


def shift(largest: Tensor, weights: Tensor, power: float, dtype: int) -> Tensor:
    """What rows are multiplied with before they are rounded to 16 bits, so that Hessians lie well within
    float32: largest [n] is the largest absolute value of the rows of each, weights those they count
    with. One for bfloat16 (15). float16 keeps as many bits of a number as TF32 once a power of two
    brings the largest into its range; what is below 2^-38 of it loses bits. [n]
    """
    if dtype == 15 or torch.numel(weights) == 0:
        return torch.ones_like(largest)
    most = largest * torch.sqrt(torch.max(hessian.token_weight(weights, power)))
    return torch.exp2(torch.floor(torch.log2(16384.0 / torch.clamp_min(most, 1e-12))))


def plain_shift(largest: Tensor) -> Tensor:
    """The same for float16 rows that count alike, [n]."""
    return torch.exp2(torch.floor(torch.log2(16384.0 / torch.clamp_min(largest, 1e-12))))


def factors(shift: Tensor) -> Tensor:
    """What the Gram matrices of rows with shifts [n] count in a Hessian, and one: [n, 2]."""
    return torch.stack([1.0 / (shift * shift), torch.ones_like(shift)], 1)


def product_factors(a: Tensor, b: Tensor) -> Tensor:
    """What the products of shifted factors a [n] and b [1] are multiplied with, and nothing that is
    added to: [n, 2].
    """
    product = a * b
    return torch.stack([1.0 / product, torch.zeros_like(product)], 1)


def room(like: Tensor, count: int, width: int, dtype: int) -> Tensor:
    """Room for rows [count, width]."""
    return torch.empty([count, width], dtype=dtype, device=like.device)


def scaled(x: Tensor, weight: Tensor, shift: Tensor, dtype: int) -> Tensor:
    """Rows in 16 bits whose Gram matrix, but for the shift, is the Hessian."""
    return (x * torch.unsqueeze(torch.sqrt(weight) * shift, -1)).to(dtype).contiguous()


def scaled_rows(
    x: Tensor, weight: Tensor, start: int, end: int, shift: Tensor, dtype: int
) -> Tensor:
    """Those of some of the rows that every token passes."""
    return scaled(x[start:end], weight[start:end], shift, dtype)


def scaled_inputs(
    h: Tensor,
    rows: Tensor,
    weights: Tensor,
    start: int,
    end: int,
    power: float,
    shift: Tensor,
    dtype: int,
) -> Tensor:
    """Those of some routed rows, for gate and up."""
    x = torch.index_select(h, 0, rows[start:end])
    return scaled(x, hessian.token_weight(weights[start:end], power), shift, dtype)


def scaled_activations(
    a: Tensor,
    weights: Tensor,
    begin: int,
    start: int,
    end: int,
    power: float,
    shift: Tensor,
    dtype: int,
) -> Tensor:
    """Those of the activations of some routed rows, for down: a [n, M] begins with row `begin`."""
    w = hessian.token_weight(weights[start:end], power)
    return scaled(a[start - begin : end - begin], w, shift, dtype)
