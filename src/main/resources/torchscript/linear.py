# Affine maps and the residual stream; weights are stored [out, in].


# x [..., in], w [out, in] -> [..., out]
def apply(x: Tensor, w: Tensor) -> Tensor:
  return torch.linear(x, w)


# The same plus b [out].
def apply_biased(x: Tensor, w: Tensor, b: Tensor) -> Tensor:
  return torch.linear(x, w, b)


# The rows of a residual stream: x [B, S, H] -> [B*S, H]
def rows(x: Tensor) -> Tensor:
  return torch.reshape(x, [-1, torch.size(x, -1)])


# x + factor * y for a block's output y [B*S, H] -> [B, S, H]
def residual(x: Tensor, y: Tensor, factor: float) -> Tensor:
  if factor == 1.:
    return x + torch.reshape(y, torch.size(x))
  return x + torch.reshape(y, torch.size(x)) * factor


# x + y
def add(x: Tensor, y: Tensor) -> Tensor:
  return x + y


# Scales every element.
def scale(x: Tensor, factor: float) -> Tensor:
  return x * factor


# cap * tanh(x / cap) (Gemma 2, section 2), in (-cap, cap).
def soft_cap(x: Tensor, cap: float) -> Tensor:
  return torch.tanh(x / cap) * cap


# Limits every element to [-limit, limit].
def clamp(x: Tensor, limit: float) -> Tensor:
  return torch.clamp(x, -limit, limit)


# Columns begin..end-1 of x [T, n].
def columns(x: Tensor, begin: int, end: int) -> Tensor:
  return torch.slice(x, 1, begin, end)


# Several [T, n] as one [T, sum of n].
def side_by_side(parts: List[Tensor]) -> Tensor:
  return torch.cat(parts, -1)


# The two halves of the last dimension.
def first_half(x: Tensor) -> Tensor:
  return torch.slice(x, -1, 0, torch.floordiv(torch.size(x, -1), 2))


def second_half(x: Tensor) -> Tensor:
  return torch.slice(x, -1, torch.floordiv(torch.size(x, -1), 2), torch.size(x, -1))


# Elementwise product with broadcasting: x [T, n], y [T, 1] or [T, n]
def multiply(x: Tensor, y: Tensor) -> Tensor:
  return x * y


# Zeros of the same shape and type.
def zeros_like(x: Tensor) -> Tensor:
  return torch.zeros_like(x)


# The same elements in another shape.
def reshape(x: Tensor, shape: List[int]) -> Tensor:
  return torch.reshape(x, shape)
