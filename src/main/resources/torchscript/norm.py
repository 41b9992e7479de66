# Normalisation of the last dimension.


# Root mean square normalisation (Zhang and Sennrich 2019): w * x / sqrt(mean(x^2) + eps).
# x [..., n] fp32, w [n] fp32 -> [..., n]
def rms_norm(x: Tensor, w: Tensor, eps: float) -> Tensor:
  return w * (x * torch.rsqrt(torch.mean(x * x, [-1], True) + eps))


# Layer normalisation (Ba et al. 2016): (x - mean) / sqrt(variance + eps) * w + b. w and b [n]
def layer_norm(x: Tensor, w: Tensor, b: Tensor, eps: float) -> Tensor:
  return torch.layer_norm(x, [torch.size(w, 0)], w, b, eps)


# 1 + w, what Gemma's norms multiply with.
def plus_one(w: Tensor) -> Tensor:
  return w + 1.
