# Activations rounded as engines round them: dynamically, each token (or block of it) by its own largest value.

def block_scale(amax: Tensor, rounding: List[float]) -> Tensor:
  # Scales as compressed-tensors finds them for inputs (0.18, quantization/utils): real ones from the absolute
  # maximum, powers of two rounded up from 1.75, E4M3 below the tensor's own divisor.
  grid = rounding[0:4]
  if rounding[5] == 1.0:
    _, top = torch.frexp(torch.scalar_tensor(grid[3]))
    mantissa, exponent = torch.frexp(amax)
    up = (mantissa >= 0.875).to(3)
    scale = torch.ldexp(torch.ones_like(amax), torch.clamp(exponent + up - int(top), -127, 127))
  elif rounding[5] == 2.0:
    outer = torch.full_like(amax, 1.0 / rounding[6])
    scale = __torch__.format.e4m3_scale(amax, grid, outer, 0)
  else:
    reach = grid[3] if grid[0] == 1.0 else 0.5 * (grid[2] - grid[1])
    scale = amax / reach
  return torch.where(amax > 0.0, scale, torch.ones_like(scale))

def round_inputs(x: Tensor, rounding: List[float]) -> Tensor:
  # x [..., K] -> the same, each block on its grid.
  if len(rounding) == 0:
    return x
  K = torch.size(x, -1)
  block = K if rounding[4] == 0.0 else int(rounding[4])
  groups = torch.reshape(x, [-1, K // block, block])
  scale = torch.unsqueeze(__torch__.activation.block_scale(torch.amax(torch.abs(groups), [-1]), rounding), -1)
  rounded = __torch__.format.round_to_grid(groups / scale, rounding[0:4]) * scale
  return torch.reshape(rounded, torch.size(x))
