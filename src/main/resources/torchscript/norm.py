# Normalisation of the last dimension.


# Root mean square normalisation (Zhang and Sennrich 2019): w * x / sqrt(mean(x^2) + eps).
# x [..., n] fp32, w [n] fp32 -> [..., n]
def rms_norm(x: Tensor, w: Tensor, eps: float) -> Tensor:
  return w * (x * torch.rsqrt(torch.mean(x * x, [-1], True) + eps))
