# Rotary position embeddings (Su et al. 2021) and the ways to stretch them to longer contexts.
#
# Angles at position 2000 turn one unit in the last place of a frequency into 1e-4 of the cosine, so frequencies are
# made in fp32, in this order of operations, and on the CPU whatever device the model runs on.


# theta^(2i/d) for i = 0..d/2-1 -> [d/2] fp32
def periods(d: int, theta: float) -> Tensor:
  exponent = torch.arange(0, d, 2, dtype=4, layout=None, device=torch.device("cpu"), pin_memory=None).to(6) / d
  return torch.pow(theta, exponent)


# 1 / theta^(2i/d)
def default_frequencies(d: int, theta: float) -> Tensor:
  return torch.reciprocal(__torch__.rope.periods(d, theta))


# Position interpolation (Chen et al. 2023).
def linear_frequencies(d: int, theta: float, factor: float) -> Tensor:
  return __torch__.rope.default_frequencies(d, theta) / factor


# Llama 3.1: long waves are interpolated, short ones kept, those between blended.
def llama3_frequencies(d: int, theta: float, factor: float, low_freq_factor: float, high_freq_factor: float, context: float) -> Tensor:
  f = __torch__.rope.default_frequencies(d, theta)
  wave = torch.reciprocal(f) * 6.283185307179586
  slow = torch.where(torch.gt(wave, context / low_freq_factor), f / factor, f)
  blend = (torch.reciprocal(wave) * context - low_freq_factor) / (high_freq_factor - low_freq_factor)
  blended = (1. - blend) * slow / factor + blend * slow
  between = torch.logical_and(torch.ge(wave, context / high_freq_factor), torch.le(wave, context / low_freq_factor))
  return torch.where(between, blended, slow)


# YaRN (Peng et al. 2023): the ramp from low to high (pair indices) blends kept and interpolated frequencies.
def yarn_frequencies(d: int, theta: float, factor: float, low: float, high: float) -> Tensor:
  p = __torch__.rope.periods(d, theta)
  index = torch.arange(0, d // 2, 1, dtype=6, layout=None, device=torch.device("cpu"), pin_memory=None)
  kept = 1. - torch.clamp((index - low) / (high - low), 0., 1.)
  return torch.reciprocal(p * factor) * (1. - kept) + torch.reciprocal(p) * kept


# LongRoPE (Ding et al. 2024): one stretch factor per pair. stretch [d/2]
def long_frequencies(d: int, theta: float, stretch: Tensor) -> Tensor:
  return torch.reciprocal(stretch.cpu() * __torch__.rope.periods(d, theta))


# cos and sin of every position: [2, length, d/2] on the device of `like`.
def table(frequencies: Tensor, length: int, attention_factor: float, like: Tensor) -> Tensor:
  position = torch.arange(0, length, 1, dtype=6, layout=None, device=torch.device("cpu"), pin_memory=None)
  angle = torch.unsqueeze(position, 1) * torch.unsqueeze(frequencies, 0)
  return (torch.stack([torch.cos(angle), torch.sin(angle)]) * attention_factor).to(like.device)


# A table that rotates nothing.
def no_table(length: int, like: Tensor) -> Tensor:
  return torch.zeros([2, length, 0], dtype=6, layout=None, device=like.device, pin_memory=None)


# Rotates the first d dimensions of x [..., S, D] by table [2, S, d/2]; the rest pass through. Pairs are (i, i + d/2), or
# (2i, 2i+1) when interleaved; either way the result holds all first components, then all second ones. Queries and keys get
# the same permutation, so their products do not notice.
def rotate(x: Tensor, table: Tensor, interleaved: bool) -> Tensor:
  cos = torch.select(table, 0, 0)
  sin = torch.select(table, 0, 1)
  half = torch.size(cos, 1)
  turned = torch.slice(x, -1, 0, 2 * half)
  if interleaved:
    first = torch.slice(turned, -1, 0, 2 * half, 2)
    second = torch.slice(turned, -1, 1, 2 * half, 2)
  else:
    first = torch.slice(turned, -1, 0, half)
    second = torch.slice(turned, -1, half, 2 * half)
  rest = torch.slice(x, -1, 2 * half, torch.size(x, -1))
  return torch.cat([first * cos - second * sin, second * cos + first * sin, rest], -1)
