"""Rotary position embeddings (Su et al. 2021) and the ways to stretch them to longer contexts.

Angles at position 2000 turn one unit in the last place of a frequency into 1e-4 of the cosine, so
frequencies are made in fp32, in this order of operations, and on the CPU whatever device the model
runs on.
"""

import torch
from torch import Tensor


def periods(d: int, theta: float) -> Tensor:
    """Theta^(2i/d) for i = 0..d/2-1 -> [d/2] fp32"""
    exponent = (
        torch.arange(0, d, 2, dtype=torch.int64, device=torch.device("cpu")).to(torch.float32) / d
    )
    return torch.pow(theta, exponent)


def default_frequencies(d: int, theta: float) -> Tensor:
    """1 / theta^(2i/d)"""
    return torch.reciprocal(periods(d, theta))


def linear_frequencies(d: int, theta: float, factor: float) -> Tensor:
    """Position interpolation (Chen et al. 2023)."""
    return default_frequencies(d, theta) / factor


def proportional_frequencies(d: int, theta: float, turned: int, factor: float) -> Tensor:
    """Gemma 4: the first `turned` of d/2 pairs turn as in a head that is rotated whole, the others do
    not.
    """
    f = default_frequencies(d, theta) / factor
    f[turned:] = 0.0
    return f


def llama3_frequencies(
    d: int,
    theta: float,
    factor: float,
    low_freq_factor: float,
    high_freq_factor: float,
    context: float,
) -> Tensor:
    """Llama 3.1: long waves are interpolated, short ones kept, those between blended."""
    f = default_frequencies(d, theta)
    wave = torch.reciprocal(f) * 6.283185307179586
    slow = torch.where(torch.gt(wave, context / low_freq_factor), f / factor, f)
    blend = (torch.reciprocal(wave) * context - low_freq_factor) / (
        high_freq_factor - low_freq_factor
    )
    blended = (1.0 - blend) * slow / factor + blend * slow
    between = torch.logical_and(
        torch.ge(wave, context / high_freq_factor), torch.le(wave, context / low_freq_factor)
    )
    return torch.where(between, blended, slow)


def yarn_frequencies(d: int, theta: float, factor: float, low: float, high: float) -> Tensor:
    """YaRN (Peng et al. 2023): the ramp from low to high (pair indices) blends kept and
    interpolated frequencies.
    """
    p = periods(d, theta)
    index = torch.arange(0, d // 2, 1, dtype=torch.float32, device=torch.device("cpu"))
    kept = 1.0 - torch.clamp((index - low) / (high - low), 0.0, 1.0)
    return torch.reciprocal(p * factor) * (1.0 - kept) + torch.reciprocal(p) * kept


def long_frequencies(d: int, theta: float, stretch: Tensor) -> Tensor:
    """LongRoPE (Ding et al. 2024): one stretch factor per pair. stretch [d/2]"""
    return torch.reciprocal(stretch.cpu() * periods(d, theta))


def table(frequencies: Tensor, length: int, attention_factor: float, like: Tensor) -> Tensor:
    """Cos and sin of every position: [2, length, d/2] on the device of `like`."""
    position = torch.arange(0, length, 1, dtype=torch.float32, device=torch.device("cpu"))
    angle = torch.unsqueeze(position, 1) * torch.unsqueeze(frequencies, 0)
    return (torch.stack([torch.cos(angle), torch.sin(angle)]) * attention_factor).to(like.device)


def no_table(length: int, like: Tensor) -> Tensor:
    """A table that rotates nothing."""
    return torch.zeros([2, length, 0], dtype=torch.float32, device=like.device)


def rotate(x: Tensor, table: Tensor, interleaved: bool) -> Tensor:
    """Rotates the first d dimensions of x [..., S, D] by table [2, S, d/2]; the rest pass through.
    Pairs are (i, i + d/2), or (2i, 2i+1) when interleaved; either way the result holds all first
    components, then all second ones. Queries and keys get the same permutation, so their products
    do not notice.
    """
    cos = table[0]
    sin = table[1]
    half = cos.shape[1]
    turned = x[..., : 2 * half]
    if interleaved:
        first = turned[..., : 2 * half : 2]
        second = turned[..., 1 : 2 * half : 2]
    else:
        first = turned[..., :half]
        second = turned[..., half : 2 * half]
    rest = x[..., 2 * half : x.shape[-1]]
    return torch.cat([first * cos - second * sin, second * cos + first * sin, rest], -1)
