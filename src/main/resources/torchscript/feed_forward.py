# Feed-forward blocks.


# SwiGLU (Shazeer 2020): silu(gate) * up
def swiglu(gate: Tensor, up: Tensor) -> Tensor:
  return torch.silu(gate) * up


# The same on a stacked projection [..., 2M], gate half first -> [..., M]
def swiglu_stacked(gate_up: Tensor) -> Tensor:
  width = torch.floordiv(torch.size(gate_up, -1), 2)
  return torch.silu(torch.slice(gate_up, -1, 0, width)) * torch.slice(gate_up, -1, width, 2 * width)


# Sigmoid of a one-row linear map, the weight of a gated shared expert: h [T, H], w [1, H] -> [T, 1]
def sigmoid_gate(h: Tensor, w: Tensor) -> Tensor:
  return torch.sigmoid(torch.linear(h, w))


# Adds to y the sum over the experts first..first+C-1 of weight * expert(h), token by token.
# down_input: see activation.round_inputs. y and h [T, H]; experts int64 and weights fp32 [T, k]; gate_up [C, 2M, H], gate rows first; down [C, H, M]
def add_experts(y: Tensor, h: Tensor, experts: Tensor, weights: Tensor, gate_up: Tensor, down: Tensor, first: int, down_input: List[float]) -> Tensor:
  count = torch.size(gate_up, 0)
  flat = torch.reshape(experts, [-1])
  ascending = torch.argsort(flat, stable=True, dim=0, descending=False)
  tokens = torch.floor_divide(ascending, torch.size(experts, 1))
  score = torch.unsqueeze(torch.index_select(torch.reshape(weights, [-1]), 0, ascending), 1)
  bounds = torch.arange(first, first + count + 1, 1, dtype=4, layout=None, device=flat.device, pin_memory=None)
  edges = torch.searchsorted(torch.index_select(flat, 0, ascending), bounds).cpu()
  for e in range(count):
    begin = int(torch.select(edges, 0, e))
    end = int(torch.select(edges, 0, e + 1))
    if end > begin:
      rows = torch.slice(tokens, 0, begin, end)
      inner = __torch__.feed_forward.swiglu_stacked(torch.linear(torch.index_select(h, 0, rows), torch.select(gate_up, 0, e)))
      inner = __torch__.activation.round_inputs(inner, down_input)
      out = torch.linear(inner, torch.select(down, 0, e)) * torch.slice(score, 0, begin, end)
      y = torch.index_add_(y, 0, rows, out)
  return y
