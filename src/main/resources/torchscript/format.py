# Number formats. A grid is a list of four numbers:
#   integers: [0, least code, greatest code, 0]
#   floats:   [1, mantissa bits, least normal exponent, greatest value]
# A weight w in a group with scale s (and, for integers, zero point z) is stored as the grid's
# nearest value to w / s + z, ties to the even code, saturating; it reads back as (value - z) * s.
# Scales come in three kinds: 0 real, kept in the checkpoint's dtype; 1 E8M0, a power of two
# (OCP MX 1.0, section 5); 2 E4M3 below one global scale per tensor (NVFP4).

def round_to_grid(v: Tensor, grid: List[float]) -> Tensor:
  if grid[0] == 0.0:
    return torch.clamp(torch.round(v), grid[1], grid[2])
  mantissa_bits = int(grid[1])
  magnitude = torch.clamp_max(torch.abs(v), grid[3])
  # frexp gives m in [0.5, 1), so the exponent of the leading bit is one less.
  _, exponent = torch.frexp(magnitude)
  exponent = torch.clamp_min(exponent - 1, int(grid[2]))
  step = torch.ldexp(torch.ones_like(magnitude), exponent - mantissa_bits)
  # Rounding up may leave the binade; the value is then the next binade's first, still on the grid.
  return torch.copysign(torch.clamp_max(torch.round(magnitude / step) * step, grid[3]), v)

def quantize(w: Tensor, scale: Tensor, zero: Tensor, grid: List[float]) -> Tensor:
  return (__torch__.format.round_to_grid(w / scale + zero, grid) - zero) * scale

def encode(value: Tensor, grid: List[float]) -> Tensor:
  # Grid values to stored codes, uint8: integers offset to start at 0, floats as sign, exponent, mantissa.
  if grid[0] == 0.0:
    return (value - grid[1]).to(0)
  mantissa_bits = int(grid[1])
  magnitude = torch.abs(value)
  _, exponent = torch.frexp(magnitude)
  exponent = torch.clamp_min(exponent - 1, int(grid[2]))
  steps = torch.round(magnitude / torch.ldexp(torch.ones_like(magnitude), exponent - mantissa_bits))
  code = torch.where(steps == 0.0, steps,
      steps + (exponent - int(grid[2])).to(6) * float(1 << mantissa_bits))
  _, top = torch.frexp(torch.scalar_tensor(grid[3]))
  exponents = float(int(top) - 1 - int(grid[2]) + 2)
  sign_bit = mantissa_bits
  while float(1 << (sign_bit - mantissa_bits)) < exponents:
    sign_bit += 1
  return (code + torch.signbit(value).to(6) * float(1 << sign_bit)).to(0)

def absmax(groups: Tensor) -> Tensor:
  return torch.amax(torch.abs(groups), [-1])

def real_scale(scale: Tensor, dtype: int) -> Tensor:
  # Codes are computed with the scale as it will be stored, so that both agree.
  stored = scale.to(dtype).to(6)
  return torch.where(stored > 0.0, stored, torch.ones_like(stored))

def power_of_two_scale(amax: Tensor, grid: List[float], shift: int) -> Tensor:
  _, exponent = torch.frexp(amax)
  _, top = torch.frexp(torch.scalar_tensor(grid[3]))
  e = torch.clamp(exponent - int(top) + shift, -127, 127)
  e = torch.where(amax > 0.0, e, torch.zeros_like(e))
  return torch.ldexp(torch.ones_like(amax), e)

def outer_scale(weight: Tensor, grid: List[float], scale_kind: int) -> Tensor:
  # NVFP4: the tensor's greatest value lands on the greatest local scale times the greatest code. [B]
  if scale_kind != 2:
    return torch.ones([torch.size(weight, 0)], dtype=6, device=weight.device)
  divisor = (448.0 * grid[3]) / torch.clamp_min(torch.amax(torch.abs(weight), [-2, -1]), 1e-30)
  # The checkpoint keeps the divisor, so that is what is exact in float32.
  return 1.0 / divisor

def e4m3_scale(amax: Tensor, grid: List[float], outer: Tensor, shift: int) -> Tensor:
  e4m3 = [1.0, 3.0, -6.0, 448.0]
  local = __torch__.format.round_to_grid(amax / grid[3] / outer, e4m3)
  _, exponent = torch.frexp(local)
  step = torch.ldexp(torch.ones_like(local), torch.clamp_min(exponent - 1, -6) - 3)
  local = __torch__.format.round_to_grid(local + step * float(shift), e4m3)
  return torch.where(local > 0.0, local, torch.full_like(local, 0.125)) * outer

def candidate_count(scale_kind: int, steps: int) -> int:
  # How many scales the search tries for each group.
  if steps == 1 or scale_kind == 0:
    return steps
  return 3 if scale_kind == 1 else 8

def candidate(groups: Tensor, amax: Tensor, grid: List[float], scale_kind: int, scale_dtype: int,
    symmetric: bool, steps: int, outer: Tensor, i: int) -> Tuple[Tensor, Tensor]:
  # Scale and zero point number i of every group of [B, R, G, g], [B, R, G]. The first is the plain absolute maximum.
  none = torch.zeros_like(amax)
  if scale_kind == 1:
    return __torch__.format.power_of_two_scale(amax, grid, [0, -1, 1][i]), none
  if scale_kind == 2:
    return __torch__.format.e4m3_scale(amax, grid, outer, [0, -1, 1, -2, 2, -3, 3, -4][i]), none
  shrink = 1.0 - 0.6 * float(i) / float(steps)
  if symmetric:
    reach = grid[3] if grid[0] == 1.0 else 0.5 * (grid[2] - grid[1])
    return __torch__.format.real_scale(amax * (shrink / reach), scale_dtype), none
  least = torch.clamp_max(torch.amin(groups, [-1]), 0.0) * shrink
  greatest = torch.clamp_min(torch.amax(groups, [-1]), 0.0) * shrink
  scale = __torch__.format.real_scale((greatest - least) / (grid[2] - grid[1]), scale_dtype)
  return scale, torch.clamp(torch.round(grid[1] - least / scale), grid[1], grid[2])

def search_scales(w: Tensor, grid: List[float], group_size: int, scale_kind: int, scale_dtype: int,
    symmetric: bool, steps: int, outer: Tensor, rows: int) -> Tuple[Tensor, Tensor]:
  # w: [B, R, K], outer: [B]. Of the candidates the one with the least squared rounding error wins,
  # group by group, `rows` outputs at once. Returns scale and zero point, [B, R, G].
  R, K = torch.size(w, 1), torch.size(w, 2)
  if K % group_size != 0:
    ops.prim.RaiseException("group_size {} does not divide {} inputs".format(group_size, K))
  scales: List[Tensor] = []
  zeros: List[Tensor] = []
  for first in range(0, R, rows):
    part = w[:, first:min(first + rows, R)]
    groups = torch.reshape(part, [torch.size(part, 0), torch.size(part, 1), K // group_size, group_size])
    scale, zero = __torch__.format.best_scales(
        groups, grid, scale_kind, scale_dtype, symmetric, steps, torch.reshape(outer, [-1, 1, 1]))
    scales.append(scale)
    zeros.append(zero)
  return torch.cat(scales, 1), torch.cat(zeros, 1)

def best_scales(groups: Tensor, grid: List[float], scale_kind: int, scale_dtype: int, symmetric: bool, steps: int,
    outer: Tensor) -> Tuple[Tensor, Tensor]:
  amax = __torch__.format.absmax(groups)
  best_scale, best_zero = __torch__.format.candidate(
      groups, amax, grid, scale_kind, scale_dtype, symmetric, steps, outer, 0)
  best_error = torch.full_like(best_scale, float("inf"))
  for i in range(__torch__.format.candidate_count(scale_kind, steps)):
    scale, zero = __torch__.format.candidate(
        groups, amax, grid, scale_kind, scale_dtype, symmetric, steps, outer, i)
    s, z = torch.unsqueeze(scale, -1), torch.unsqueeze(zero, -1)
    if symmetric:
      difference = torch.sub_(torch.mul_(__torch__.format.round_to_grid(groups / s, grid), s), groups)
    else:
      difference = __torch__.format.quantize(groups, s, z, grid) - groups
    error = torch.linalg_vector_norm(difference, 2, [-1])
    better = error < best_error
    best_error = torch.where(better, error, best_error)
    best_scale = torch.where(better, scale, best_scale)
    best_zero = torch.where(better, zero, best_zero)
  return best_scale, best_zero

def codes(weight: Tensor, scale: Tensor, zero: Tensor, grid: List[float], group_size: int, rows: int) -> Tensor:
  # The codes of weights that lie on their grid already, [B, R, K] uint8.
  parts: List[Tensor] = []
  for first in range(0, torch.size(weight, 1), rows):
    last = min(first + rows, torch.size(weight, 1))
    S = torch.repeat_interleave(scale[:, first:last], group_size, -1)
    Z = torch.repeat_interleave(zero[:, first:last], group_size, -1)
    parts.append(__torch__.format.encode(__torch__.format.round_to_grid(weight[:, first:last] / S + Z, grid), grid))
  return torch.cat(parts, 1)

def decode(codes: Tensor, grid: List[float]) -> Tensor:
  # The grid values of stored codes: encode's inverse.
  if grid[0] == 0.0:
    return codes.to(6) + grid[1]
  mantissa_bits = int(grid[1])
  _, top = torch.frexp(torch.scalar_tensor(grid[3]))
  exponents = float(int(top) - 1 - int(grid[2]) + 2)
  exponent_bits = 0
  while float(1 << exponent_bits) < exponents:
    exponent_bits += 1
  c = codes.to(3)
  negative = torch.bitwise_and(torch.bitwise_right_shift(c, mantissa_bits + exponent_bits), 1)
  exponent = torch.bitwise_and(torch.bitwise_right_shift(c, mantissa_bits), (1 << exponent_bits) - 1)
  mantissa = torch.bitwise_and(c, (1 << mantissa_bits) - 1).to(6)
  normal = (exponent > 0).to(6)
  significand = normal * float(1 << mantissa_bits) + mantissa
  power = torch.clamp_min(exponent - 1, 0) + int(grid[2]) - mantissa_bits
  return torch.ldexp(significand, power) * (1.0 - 2.0 * negative.to(6))

def dequantize(codes: Tensor, scale: Tensor, zero: Tensor, grid: List[float], group_size: int) -> Tensor:
  # codes uint8 [N, K], scale and zero [N, G] -> float32 [N, K].
  S = torch.repeat_interleave(scale, group_size, -1)
  Z = torch.repeat_interleave(zero, group_size, -1)
  return (__torch__.format.decode(codes, grid) - Z) * S
