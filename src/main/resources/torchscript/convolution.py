# Short causal convolutions over sequences that all start at position 0.


# Depthwise: every channel has a filter of its own over its latest values, w [C, 1, K], the newest value last; bias is empty
# or [C]. x [B, S, C] -> [B, S, C]
def causal(x: Tensor, w: Tensor, bias: List[Tensor]) -> Tensor:
  width = torch.size(w, 2)
  channels = torch.constant_pad_nd(torch.transpose(x, 1, 2), [width - 1, 0])
  if len(bias) > 0:
    out = torch.conv1d(channels, w, bias[0], [1], [0], [1], torch.size(x, 2))
  else:
    out = torch.conv1d(channels, w, None, [1], [0], [1], torch.size(x, 2))
  return torch.transpose(out, 1, 2)


# The same of rows [B*S, C], with SiLU after it.
def causal_silu(x: Tensor, w: Tensor, bias: List[Tensor], batch: int) -> Tensor:
  sequences = torch.reshape(x, [batch, -1, torch.size(x, 1)])
  return torch.flatten(torch.silu(__torch__.convolution.causal(sequences, w, bias)), 0, 1)
