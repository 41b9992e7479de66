"""Arrays of several devices: every device copies what it needs of the others' to itself."""

from typing import List

import torch
from torch import Tensor


def here(own: Tensor, other: Tensor) -> Tensor:
    """`other` on the device of `own`: itself where it is there."""
    return other.to(own.device)


def sum(parts: List[Tensor]) -> Tensor:
    """Of all parts, in their order."""
    total = torch.clone(parts[0])
    for i in range(1, len(parts)):
        total.add_(parts[i])
    return total


def largest(parts: List[Tensor]) -> Tensor:
    """Of all parts, element by element."""
    most = torch.clone(parts[0])
    for i in range(1, len(parts)):
        most = torch.maximum(most, parts[i])
    return most


def add_rows(total: Tensor, x: Tensor, first: int) -> Tensor:
    """total [n, ...] += x[first:first+n], wherever that is."""
    return total.add_(x[first : first + total.shape[0]].to(total.device))


def replace(x: Tensor, y: Tensor) -> Tensor:
    return x.copy_(y)


def room(own: Tensor, count: int, dim: int) -> Tensor:
    """An uninitialised array like `own`, but with `count` elements along dim."""
    shape = list(own.shape)
    shape[dim] = count
    return torch.empty(shape, dtype=own.dtype, device=own.device)


def zero_rows(own: Tensor, count: int) -> Tensor:
    """Zeros [count, ...], otherwise like own [n, ...]."""
    return room(own, count, 0).zero_()


def place(target: Tensor, x: Tensor, first: int, dim: int) -> Tensor:
    """x into target[first:first+n] along dim, of which it has n."""
    target.narrow(dim, first, x.shape[dim]).copy_(x)
    return target
