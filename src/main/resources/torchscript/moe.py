# What routing tells the quantizer. T tokens choose k of E experts each; (token, slot) pairs are sorted by
# expert once, so that expert e's tokens are rows[offsets[e] : offsets[e + 1]] with their weights.

def dispatch(experts: Tensor, weights: Tensor, E: int) -> Tuple[Tensor, Tensor, Tensor]:
  # experts int64 [T, k], weights [T, k] -> token of each pair [T k], its weight [T k], offsets [E + 1].
  chosen = torch.flatten(experts)
  order = torch.argsort(chosen, stable=True, dim=-1, descending=False)
  count = torch.bincount(chosen, minlength=E)
  offsets = torch.cat([torch.zeros_like(count[0:1]), torch.cumsum(count, 0)])
  rows = torch.floor_divide(order, torch.size(experts, 1))
  return rows, torch.index_select(torch.flatten(weights), 0, order), offsets

def utilization(experts: Tensor, weights: Tensor, E: int) -> Tuple[Tensor, Tensor]:
  # Tokens and sum of scores of every expert, both float64 [E].
  chosen = torch.flatten(experts)
  tokens = torch.bincount(chosen, minlength=E).to(7)
  scores = torch.bincount(chosen, torch.flatten(weights).to(7), E)
  return tokens, scores

def token_weight(p: Tensor, power: int) -> Tensor:
  # The weight of a token in an expert's Hessian: 1, p or p^2.
  if power == 0:
    return torch.ones_like(p)
  return p if power == 1 else p * p

def activation(x: Tensor, gate_up: Tensor, biases: List[Tensor], clamped: bool, e: int) -> Tensor:
  # What the down projection of expert e reads; gate_up [C, 2M, K], biases empty or [C, 2M] and [C, K].
  both = __torch__.feed_forward.expert_linear(x, gate_up, biases, 0, e)
  return __torch__.feed_forward.activate(both, clamped)

def accumulate(H: Tensor, x: Tensor, weight: Tensor) -> Tensor:
  # H += sum of weight x x^T over rows; square roots on both sides keep it symmetric.
  scaled = x * torch.unsqueeze(torch.sqrt(weight), -1)
  return torch.addmm_(H, torch.transpose(scaled, 0, 1), scaled)

def input_hessians(h: Tensor, rows: Tensor, weights: Tensor, offsets: List[int], first: int, last: int,
    power: int, chunk: int) -> Tensor:
  # H_e = sum over e's tokens of w(p) x x^T for experts first..last-1: [C, K, K], what gate and up share.
  K = torch.size(h, 1)
  H = torch.zeros([last - first, K, K], dtype=6, device=h.device)
  for e in range(first, last):
    for start in range(offsets[e], offsets[e + 1], chunk):
      end = min(start + chunk, offsets[e + 1])
      x = torch.index_select(h, 0, rows[start:end])
      __torch__.moe.accumulate(H[e - first], x, __torch__.moe.token_weight(weights[start:end], power))
  return H

def down_hessians(h: Tensor, gate_up: Tensor, biases: List[Tensor], clamped: bool, rows: Tensor, weights: Tensor,
    offsets: List[int], first: int, last: int, power: int, chunk: int) -> Tensor:
  # The same for the down projection, whose inputs are the activations of gate_up [C, 2M, K]: [C, M, M].
  M = torch.size(gate_up, 1) // 2
  H = torch.zeros([last - first, M, M], dtype=6, device=h.device)
  for e in range(first, last):
    for start in range(offsets[e], offsets[e + 1], chunk):
      end = min(start + chunk, offsets[e + 1])
      x = torch.index_select(h, 0, rows[start:end])
      a = __torch__.moe.activation(x, gate_up, biases, clamped, e - first)
      __torch__.moe.accumulate(H[e - first], a, __torch__.moe.token_weight(weights[start:end], power))
  return H

def add_outputs(y: Tensor, h: Tensor, gate_up: Tensor, down: Tensor, biases: List[Tensor], clamped: bool,
    rows: Tensor, weights: Tensor, offsets: List[int], first: int, last: int, chunk: int) -> Tensor:
  # y[token] += p * down(activation(h[token])) for experts first..last-1.
  for e in range(first, last):
    for start in range(offsets[e], offsets[e + 1], chunk):
      end = min(start + chunk, offsets[e + 1])
      tokens = rows[start:end]
      a = __torch__.moe.activation(torch.index_select(h, 0, tokens), gate_up, biases, clamped, e - first)
      out = __torch__.feed_forward.expert_linear(a, down, biases, 1, e - first)
      torch.index_add_(y, 0, tokens, out * torch.unsqueeze(weights[start:end], -1))
  return y

def weighted_hessian(H: Tensor, x: Tensor, weight: Tensor, chunk: int) -> Tensor:
  # H [K, K] += sum of weight x x^T over all rows, for the linears every token passes.
  for start in range(0, torch.size(x, 0), chunk):
    end = min(start + chunk, torch.size(x, 0))
    __torch__.moe.accumulate(H, x[start:end], weight[start:end])
  return H

def shrink(H: Tensor, mean: Tensor, tokens: float) -> Tensor:
  # A starved expert leans on the layer: its Hessian plus as many average tokens of the layer's. In place.
  return torch.add_(H, mean * tokens)

def mean_hessian(h: Tensor, weights: Tensor, power: int, chunk: int) -> Tensor:
  # What one (token, slot) pair of the layer adds to a Hessian on average, [K, K].
  K = torch.size(h, 1)
  H = torch.zeros([K, K], dtype=6, device=h.device)
  per_token = torch.sum(__torch__.moe.token_weight(weights, power), [1])
  return __torch__.moe.weighted_hessian(H, h, per_token, chunk) / float(torch.numel(weights))

def add_hessians(total: Tensor, H: Tensor) -> Tensor:
  # total [M, M] float64 += every Hessian of H [C, M, M], one after the other: the sum over a layer's experts is the
  # same however they are chunked.
  for c in range(torch.size(H, 0)):
    torch.add_(total, H[c])
  return total

def mean_of_total(total: Tensor, tokens: int) -> Tensor:
  return (total / float(max(tokens, 1))).to(6)

def zeros_double(like: Tensor, size: int) -> Tensor:
  return torch.zeros([size, size], dtype=7, device=like.device)

def zeros_square(like: Tensor, size: int) -> Tensor:
  return torch.zeros([size, size], dtype=6, device=like.device)

def ones_per_row(x: Tensor) -> Tensor:
  return torch.ones([torch.size(x, 0)], dtype=6, device=x.device)

def concatenate(parts: List[Tensor]) -> Tensor:
  return torch.cat(parts, 0)

def rows(y: Tensor, first: int, last: int) -> Tensor:
  # Rows first..last-1 of the block's output y [T, H].
  return y[first:last]

def largest(x: Tensor, so_far: Tensor) -> Tensor:
  # The largest absolute value of x and of what came before, [1].
  least, greatest = torch.aminmax(x)
  return torch.maximum(so_far, torch.reshape(torch.maximum(-least, greatest), [1]))

def zeros(like: Tensor, count: int) -> Tensor:
  return torch.zeros([count], dtype=6, device=like.device)

def repeated(x: Tensor, count: int) -> Tensor:
  return torch.contiguous(torch.expand(x, [count]))

def largest_activations(h: Tensor, gate_up: Tensor, biases: List[Tensor], clamped: bool, rows: Tensor,
    weights: Tensor, offsets: List[int], first: int, last: int, power: int, chunk: int) -> Tensor:
  # The largest absolute input of each down projection, [C]; zero where no token came.
  most = torch.zeros([last - first], dtype=6, device=h.device)
  for e in range(first, last):
    for start in range(offsets[e], offsets[e + 1], chunk):
      end = min(start + chunk, offsets[e + 1])
      x = torch.index_select(h, 0, rows[start:end])
      a = __torch__.moe.activation(x, gate_up, biases, clamped, e - first)
      most[e - first] = torch.squeeze(__torch__.moe.largest(a, most[e - first:e - first + 1]), 0)
  return most

def where_seen(most: Tensor, layer: Tensor) -> Tensor:
  # What was seen of each expert, the layer's largest [1] where no token came.
  return torch.where(most > 0.0, most, layer)
