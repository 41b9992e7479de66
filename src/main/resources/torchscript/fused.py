"""What the fused kernels of resources/cuda/gptq need beside themselves; matrices as in gptq.py."""

from typing import List, Tuple

import torch
from torch import Tensor

import format
import gptq
import gram
import matrices


def columns(x: Tensor, first: int, last: int) -> Tensor:
    """Rows first..last-1 of x [B, R, K], transposed: [B, K, last - first]."""
    return torch.transpose(x[:, first:last], 1, 2).contiguous()


def rows_into(target: Tensor, first: int, x: Tensor) -> Tensor:
    """The way back: x [B, K, n] into rows first..first+n-1 of target [B, R, K]."""
    target[:, first : first + x.shape[2]] = torch.transpose(x, 1, 2)
    return target


def orders(H: Tensor, ordered: Tensor) -> Tuple[Tensor, Tensor]:
    """solver.in_order of several times as many elements as H [B, K, K] has, int32."""
    falling = torch.argsort(matrices.diagonal(H), stable=True, dim=-1, descending=True)
    falling = falling.repeat([ordered.shape[0] // H.shape[0], 1])
    own = torch.arange(0, H.shape[1], dtype=torch.int64, device=H.device)
    order = torch.where(torch.unsqueeze(ordered, -1) > 0.0, falling, own.expand_as(falling))
    back = torch.argsort(order, stable=True, dim=-1, descending=False)
    return order.to(torch.int32), back.to(torch.int32)


def own_order(H: Tensor, ordered: Tensor) -> Tuple[Tensor, Tensor]:
    """The same where none is ordered."""
    own = torch.arange(0, H.shape[1], dtype=torch.int32, device=H.device)
    order = own.expand([ordered.shape[0], H.shape[1]]).contiguous()
    return order, order


def groups(order: Tensor, group_size: int) -> Tensor:
    """The group of each input in an order [B, K], int32."""
    return torch.floor_divide(order, group_size).to(torch.int32)


def own_groups(order: Tensor, group_size: int) -> Tensor:
    """The group of each input in the inputs' own order."""
    own = torch.arange(0, order.shape[1], dtype=torch.int32, device=order.device)
    return groups(own.expand_as(order), group_size).contiguous()


def all_good(H: Tensor) -> Tensor:
    """No element of H has failed yet, int32 [B]."""
    return torch.ones([H.shape[0]], dtype=torch.int32, device=H.device)


def state(good: Tensor, H: Tensor) -> Tensor:
    """0 where factorising has failed, 2 where no input ever reached an element, else 1, [B]."""
    reached = torch.amax(matrices.diagonal(H), [-1]) != 0.0
    reached = reached.repeat([good.shape[0] // H.shape[0]])
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


def subtracting(like: Tensor) -> Tensor:
    """What a product counts and what it is added to, without a wait for the host."""
    return torch.arange(-1, 3, 2, dtype=torch.float32, device=like.device)


def zeros(like: Tensor) -> Tensor:
    return torch.zeros_like(like)


def empty_weights(weight: Tensor) -> Tensor:
    return torch.empty_like(weight)


def matrices_like(H: Tensor, count: int) -> Tensor:
    """Room for `count` matrices of H [B, K, K]."""
    return torch.empty([count, H.shape[1], H.shape[2]], dtype=torch.float32, device=H.device)


def empty_scales(weight: Tensor, group_size: int) -> Tuple[Tensor, Tensor]:
    """Room for the scales and zero points of weight [B, R, K], both [B, R, G]."""
    shape = [weight.shape[0], weight.shape[1], weight.shape[2] // group_size]
    scale = torch.empty(shape, dtype=torch.float32, device=weight.device)
    return scale, torch.empty_like(scale)


def empty_codes(weight: Tensor) -> Tensor:
    return torch.empty_like(weight, dtype=torch.uint8)


def difference(x: Tensor, y: Tensor) -> Tensor:
    return x - y


def error_shift(weight: Tensor) -> Tensor:
    """What errors of weights are multiplied with before they are rounded to float16: an error may be
    thirty times the largest weight. [1]
    """
    low, high = torch.aminmax(weight)
    return gram.plain_shift(8.0 * torch.reshape(torch.maximum(-low, high), [1]))


def hessian_shift(H: Tensor) -> Tensor:
    """The same of Hessians, whose largest numbers are on the diagonal, [1]."""
    return gram.plain_shift(torch.reshape(torch.amax(matrices.diagonal(H)), [1]))


def room_for_rows(weight: Tensor, count: int) -> Tensor:
    """Room for `count` rows of weight [B, R, K], transposed: [B, K, count]."""
    return torch.empty(
        [weight.shape[0], weight.shape[2], count], dtype=torch.float32, device=weight.device
    )


def empty_halves(like: Tensor) -> Tensor:
    return torch.empty_like(like, dtype=torch.float16)


def empty_floats(like: Tensor) -> Tensor:
    return torch.empty_like(like, dtype=torch.float32)


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


def per_output(weight: Tensor) -> Tensor:
    """Room for a number of each output of weight [B, R, K]."""
    return torch.zeros(
        [weight.shape[0], weight.shape[1]], dtype=torch.float32, device=weight.device
    )
