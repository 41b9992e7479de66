"""What the fused kernels of resources/cuda/gptq need beside themselves; matrices as in gptq.py."""

from typing import List, Tuple

import torch
from torch import Tensor

import format
import gptq
import matrices


def columns(x: Tensor, first: int, last: int) -> Tensor:
    """Rows first..last-1 of x [B, R, K], transposed: [B, K, last - first]."""
    return torch.transpose(x[:, first:last], 1, 2).contiguous()


def rows_into(target: Tensor, first: int, x: Tensor) -> Tensor:
    """The way back: x [B, K, n] into rows first..first+n-1 of target [B, R, K]."""
    target[:, first : first + x.shape[2]] = torch.transpose(x, 1, 2)
    return target


def groups(order: Tensor, group_size: int) -> Tensor:
    """The group of each input in an order [B, K], int32."""
    return torch.floor_divide(order, group_size).to(torch.int32)


def own_groups(order: Tensor, group_size: int) -> Tensor:
    """The group of each input in the inputs' own order."""
    own = torch.arange(0, order.shape[1], dtype=torch.int64, device=order.device)
    return groups(own.expand_as(order), group_size).contiguous()


def all_good(H: Tensor) -> Tensor:
    """No element of H has failed yet, int32 [B]."""
    return torch.ones([H.shape[0]], dtype=torch.int32, device=H.device)


def state(good: Tensor, H: Tensor) -> Tensor:
    """0 where factorising has failed, 2 where no input ever reached an element, else 1, [B]."""
    reached = torch.amax(matrices.diagonal(H), [-1]) != 0.0
    return torch.where(reached, good, torch.full_like(good, 2))


def raised(damping: Tensor, elements: List[int]) -> Tensor:
    """Ten times the damping of some elements, also in its place."""
    at = torch.tensor(elements, dtype=torch.int64, device=damping.device)
    # A damping too small for float32 is zero, which no factor raises.
    damping[at] = torch.clamp_min(damping[at] * 10.0, 1e-6)
    return damping[at]


def put_elements(x: Tensor, elements: List[int], part: Tensor) -> Tensor:
    """x[elements] = part, in place."""
    x[torch.tensor(elements, dtype=torch.int64, device=x.device)] = part
    return x


def give_up(factor: Tensor, damped: Tensor, damping: Tensor, elements: List[int]) -> Tensor:
    """Plain rounding for some elements: the identity in place of both, marked by a damping of -1."""
    at = torch.tensor(elements, dtype=torch.int64, device=factor.device)
    eye = torch.eye(factor.shape[1], dtype=torch.float32, device=factor.device)
    factor[at] = eye
    damped[at] = eye
    damping[at] = -1.0
    return factor


def copied(x: Tensor) -> Tensor:
    return torch.clone(x)


def empty(like: Tensor, columns: int) -> Tensor:
    """Room for `columns` columns of like [B, K, R]."""
    return torch.empty(
        [like.shape[0], columns, like.shape[2]], dtype=torch.float32, device=like.device
    )


def zeros(like: Tensor) -> Tensor:
    return torch.zeros_like(like)


def empty_weights(weight: Tensor) -> Tensor:
    return torch.empty_like(weight)


def empty_scales(weight: Tensor, group_size: int) -> Tuple[Tensor, Tensor]:
    """Room for the scales and zero points of weight [B, R, K], both [B, R, G]."""
    shape = [weight.shape[0], weight.shape[1], weight.shape[2] // group_size]
    scale = torch.empty(shape, dtype=torch.float32, device=weight.device)
    return scale, torch.empty_like(scale)


def empty_codes(weight: Tensor) -> Tensor:
    return torch.empty_like(weight, dtype=torch.uint8)


def energy(W: Tensor, H: Tensor) -> Tensor:
    """Per output: w^T H w, [B, R]."""
    return torch.sum(matrices.product(H, W).mul_(W), [1])


def difference(x: Tensor, y: Tensor) -> Tensor:
    return x - y


def residual(H: Tensor, W: Tensor, Q: Tensor) -> Tensor:
    return matrices.product(H, W - Q)


def refit(
    Q: Tensor,
    W: Tensor,
    H: Tensor,
    scale: Tensor,
    zero: Tensor,
    outer: Tensor,
    grid: format.Grid,
    first: int,
    last: int,
) -> Tensor:
    """gptq.refit where no kernel does it, in place: Q [B, K, n], scale and zero [B, G, n] of outputs
    first..last-1.
    """
    s, z = torch.transpose(scale, 1, 2), torch.transpose(zero, 1, 2)
    q, s, z = gptq.refit(W, Q, H, s, z, gptq.rows_of(outer, first, last), grid)
    scale.copy_(torch.transpose(s, 1, 2))
    zero.copy_(torch.transpose(z, 1, 2))
    return Q.copy_(q)


def put(target: Tensor, first: int, part: Tensor) -> Tensor:
    """Part [B, n] into outputs first..first+n-1 of target [B, R]."""
    target[:, first : first + part.shape[1]] = part
    return target


def per_output(weight: Tensor) -> Tensor:
    """Room for a number of each output of weight [B, R, K]."""
    return torch.zeros(
        [weight.shape[0], weight.shape[1]], dtype=torch.float32, device=weight.device
    )
