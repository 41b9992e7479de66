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


def room(own: Tensor, count: int) -> Tensor:
    """An uninitialised array of `count` elements like those of own [c, ...]."""
    return torch.empty([count] + list(own.shape[1:]), dtype=own.dtype, device=own.device)


def zero_rows(own: Tensor, count: int) -> Tensor:
    """Zeros [count, ...], otherwise like own [n, ...]."""
    return room(own, count).zero_()


def place(target: Tensor, x: Tensor, first: int) -> Tensor:
    """x [n, ...] into target[first:first+n]."""
    target[first : first + x.shape[0]].copy_(x)
    return target
