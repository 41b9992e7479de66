"""What settings are compared by: a few outputs, solved on some tokens and judged on others."""

import torch
from torch import Tensor

import matrices


def sampled_rows(weight: Tensor, count: int) -> Tensor:
    """At most `count` evenly spaced outputs of weight [B, R, K]."""
    R = weight.shape[1]
    if R <= count:
        return weight
    at = torch.arange(0, count, dtype=torch.int64, device=weight.device)
    at = torch.floor_divide(at * R, count)
    return torch.index_select(weight, 1, at)


def several(x: Tensor, times: int) -> Tensor:
    """x [B, ...] so many times, one after the other."""
    return torch.cat([x] * times, 0)


def of_good(errors: Tensor, good: Tensor) -> Tensor:
    """Errors [B] of those that could be factored, not a number for the others."""
    return torch.where(good == 1, errors, torch.full_like(errors, float("nan")))


def without(hessian: Tensor, part: Tensor) -> Tensor:
    """A Hessian without that of some of its tokens."""
    return hessian - part


def error_on(weight: Tensor, quantized: Tensor, hessian: Tensor) -> Tensor:
    """tr E H E^T of the errors E of weight [B, R, K] on other tokens' hessian [B, K, K], [B]."""
    E = torch.transpose(weight - quantized, 1, 2).contiguous()
    each = torch.flatten(matrices.product(hessian, E).mul_(E), 1)
    # One by one, as in gptq.damped.
    return torch.stack([torch.sum(each[b]) for b in range(each.shape[0])])
