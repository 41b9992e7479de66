# Feed-forward blocks.


# SwiGLU (Shazeer 2020): silu(gate) * up
def swiglu(gate: Tensor, up: Tensor) -> Tensor:
  return torch.silu(gate) * up


# The same on a stacked projection [..., 2M], gate half first -> [..., M]
def swiglu_stacked(gate_up: Tensor) -> Tensor:
  width = torch.floordiv(torch.size(gate_up, -1), 2)
  return torch.silu(torch.slice(gate_up, -1, 0, width)) * torch.slice(gate_up, -1, width, 2 * width)


# GELU (Hendrycks and Gimpel 2016) by its tanh approximation in SiLU's place, as in Gemma: [..., 2M] -> [..., M]
def geglu_tanh_stacked(gate_up: Tensor) -> Tensor:
  width = torch.floordiv(torch.size(gate_up, -1), 2)
  gate = torch.gelu(torch.slice(gate_up, -1, 0, width), approximate="tanh")
  return gate * torch.slice(gate_up, -1, width, 2 * width)


# Squared ReLU (So et al. 2021, Primer) of a single projection.
def relu_squared(x: Tensor) -> Tensor:
  positive = torch.relu(x)
  return positive * positive


# SwiGLU on a stacked projection, or gpt-oss's variant (model card, arXiv 2508.10925, section 2.2): both parts clamped at 7, the gate from above
# only, a steeper sigmoid, and one more than up.
def activate(gate_up: Tensor, clamped: bool) -> Tensor:
  if not clamped:
    return __torch__.feed_forward.swiglu_stacked(gate_up)
  width = torch.floordiv(torch.size(gate_up, -1), 2)
  gate = torch.clamp_max(torch.slice(gate_up, -1, 0, width), 7.)
  up = torch.clamp(torch.slice(gate_up, -1, width, 2 * width), -7., 7.)
  return (up + 1.) * gate * torch.sigmoid(1.702 * gate)


# One of a stack of linears: x [n, in], w [C, out, in]; biases is empty, or holds the stack's own [C, out] at `which`.
def expert_linear(x: Tensor, w: Tensor, biases: List[Tensor], which: int, e: int) -> Tensor:
  if len(biases) == 0:
    return torch.linear(x, torch.select(w, 0, e))
  return torch.linear(x, torch.select(w, 0, e), torch.select(biases[which], 0, e))


# Sigmoid of a one-row linear map, the weight of a gated shared expert: h [T, H], w [1, H] -> [T, 1]
def sigmoid_gate(h: Tensor, w: Tensor) -> Tensor:
  return torch.sigmoid(torch.linear(h, w))


# Adds to y the sum over the experts first..first+C-1 of weight * expert(h), token by token.
# y and h [T, H]; experts int64 and weights fp32 [T, k]; gate_up [C, 2M, H], gate rows first; down [C, H, M];
# biases empty or [C, 2M] and [C, H]; clamped as in activate; down_input as in activation.round_inputs
def add_experts(y: Tensor, h: Tensor, experts: Tensor, weights: Tensor, gate_up: Tensor, down: Tensor, biases: List[Tensor], clamped: bool, first: int, down_input: List[float]) -> Tensor:
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
      both = __torch__.feed_forward.expert_linear(torch.index_select(h, 0, rows), gate_up, biases, 0, e)
      inner = __torch__.feed_forward.activate(both, clamped)
      inner = __torch__.activation.round_inputs(inner, down_input)
      out = __torch__.feed_forward.expert_linear(inner, down, biases, 1, e) * torch.slice(score, 0, begin, end)
      y = torch.index_add_(y, 0, rows, out)
  return y
