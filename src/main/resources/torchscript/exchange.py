"""Arrays of several devices: every device copies what it needs of the others' to itself."""

from typing import List

import torch
from torch import Tensor


def copied(own: Tensor, other: Tensor) -> Tensor:
    """A copy on the device of `own`."""
    return torch.empty_like(other, device=own.device).copy_(other)


def part(own: Tensor, other: Tensor, first: int, last: int) -> Tensor:
    """A copy of other[first:last] on the device of `own`."""
    return copied(own, other[first:last])


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


def add(total: Tensor, x: Tensor) -> Tensor:
    return total.add_(x)


def replace(x: Tensor, y: Tensor) -> Tensor:
    return x.copy_(y)


def room(own: Tensor, count: int) -> Tensor:
    """An uninitialised array of `count` elements like those of own [c, ...]."""
    return torch.empty([count] + list(own.shape[1:]), dtype=own.dtype, device=own.device)


def place(target: Tensor, x: Tensor, first: int) -> Tensor:
    """x [n, ...] into target[first:first+n]."""
    target[first : first + x.shape[0]].copy_(x)
    return target
