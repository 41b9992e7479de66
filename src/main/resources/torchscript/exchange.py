"""Arrays of several devices: every device copies what it needs of the others' to itself. `parts` are
the same `count` arrays of one rank after the other's; `own` is the rank whose device computes.
"""

from typing import List

import torch
from torch import Tensor


def reduced(parts: List[Tensor], count: int, sums: int, own: int) -> List[Tensor]:
    """Each array over all ranks, in their order: of the first `sums` the sum, of the others the
    largest, element by element.
    """
    device = parts[own * count].device
    results: List[Tensor] = []
    for i in range(count):
        total = parts[i].to(device, copy=True)
        for part in parts[i + count :: count]:
            if i < sums:
                total.add_(part.to(device))
            else:
                total = torch.maximum(total, part.to(device))
        results.append(total)
    return results


def joined(parts: List[Tensor], count: int, own: int, dim: int) -> List[Tensor]:
    """Each array of all ranks, one rank's after the other's along dim."""
    results: List[Tensor] = []
    for i in range(count):
        first = parts[own * count + i]
        shape = list(first.shape)
        shape[dim] = 0
        for part in parts[i::count]:
            shape[dim] += part.shape[dim]
        whole = torch.empty(shape, dtype=first.dtype, device=first.device)
        at = 0
        for part in parts[i::count]:
            whole.narrow(dim, at, part.shape[dim]).copy_(part)
            at += part.shape[dim]
        results.append(whole)
    return results


def add_rows(total: Tensor, x: Tensor, first: int) -> Tensor:
    """total [n, ...] += x[first:first+n], wherever that is."""
    return total.add_(x[first : first + total.shape[0]].to(total.device))


def replace(x: Tensor, y: Tensor) -> Tensor:
    return x.copy_(y)


def room(own: Tensor, count: int) -> Tensor:
    """An uninitialised array [count, ...], otherwise like own [n, ...]."""
    return torch.empty([count] + list(own.shape[1:]), dtype=own.dtype, device=own.device)


def zero_rows(own: Tensor, count: int) -> Tensor:
    """Zeros [count, ...], otherwise like own [n, ...]."""
    return torch.zeros([count] + list(own.shape[1:]), dtype=own.dtype, device=own.device)
