"""Feed-forward blocks."""

import torch
import torch.nn.functional as F
from torch import Tensor


def swiglu(gate: Tensor, up: Tensor) -> Tensor:
    """SwiGLU (Shazeer 2020): silu(gate) * up"""
    return F.silu(gate) * up


def swiglu_stacked(gate_up: Tensor) -> Tensor:
    """The same on a stacked projection [..., 2M], gate half first -> [..., M]"""
    width = gate_up.shape[-1] // 2
    return F.silu(gate_up[..., :width]) * gate_up[..., width : 2 * width]


def geglu_tanh_stacked(gate_up: Tensor) -> Tensor:
    """GELU (Hendrycks and Gimpel 2016) by its tanh approximation in SiLU's place, as in Gemma:
    [..., 2M] -> [..., M]
    """
    width = gate_up.shape[-1] // 2
    gate = F.gelu(gate_up[..., :width], approximate="tanh")
    return gate * gate_up[..., width : 2 * width]


def relu_squared(x: Tensor) -> Tensor:
    """Squared ReLU (So et al. 2021, Primer) of a single projection."""
    positive = torch.relu(x)
    return positive * positive


def inner_width(rows: int, act: int) -> int:
    """How wide the result of an activation is for this many rows of first linears."""
    return rows if act == 3 else rows // 2


def activate(gate_up: Tensor, act: int) -> Tensor:
    """An activation by its number, on a stacked projection: 0 SwiGLU, 1 its clamped variant, 2 GELU
    in SiLU's place, 3 squared ReLU of all that is there.
    """
    if act == 1:
        return clamped_swiglu_stacked(gate_up)
    if act == 2:
        return geglu_tanh_stacked(gate_up)
    if act == 3:
        return relu_squared(gate_up)
    return swiglu_stacked(gate_up)


def clamped_swiglu_stacked(gate_up: Tensor) -> Tensor:
    """gpt-oss's variant of SwiGLU (model card, arXiv 2508.10925, section 2.2): both parts clamped at
    7, the gate from above only, a steeper sigmoid, and one more than up.
    """
    width = gate_up.shape[-1] // 2
    gate = torch.clamp_max(gate_up[..., :width], 7.0)
    up = torch.clamp(gate_up[..., width : 2 * width], -7.0, 7.0)
    return (up + 1.0) * gate * torch.sigmoid(1.702 * gate)


def sigmoid_gate(h: Tensor, w: Tensor) -> Tensor:
    """Sigmoid of a one-row linear map, the weight of a gated shared expert: h [T, H], w [1, H] ->
    [T, 1]
    """
    return torch.sigmoid(F.linear(h, w))
