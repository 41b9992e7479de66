"""Reverse-mode differentiation of what a recording scope has computed."""

from typing import List, Optional

import torch
from torch import Tensor


def leaf(x: Tensor) -> Tensor:
    """The same numbers as something to differentiate by; a copy, and what made it is not recorded."""
    return torch.clone(torch.detach(x)).requires_grad_(True)


def same(x: Tensor) -> Tensor:
    """The array itself, record and all, for another owner."""
    return x


def of(y: Tensor, seed: Tensor, inputs: List[Tensor]) -> List[Tensor]:
    """Sum of seed * dy/dx for each input x, a leaf; zeros where y does not depend on it."""
    seeds: List[Optional[Tensor]] = [seed]
    found = torch.autograd.grad([y], inputs, seeds, None, False, True)
    gradients: List[Tensor] = []
    for i in range(len(inputs)):
        g = found[i]
        if g is None:
            gradients.append(torch.zeros_like(inputs[i]))
        else:
            gradients.append(g)
    return gradients
