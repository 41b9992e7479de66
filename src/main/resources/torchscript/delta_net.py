# Gated delta networks (Yang, Kautz and Hatamizadeh 2024, arXiv 2412.06464): linear attention whose state S [dk, dv] of every
# head forgets by a factor alpha and corrects what it holds for a key. Per token
#   S = alpha S;  S = S + k (beta (v - S^T k))^T;  o = S^T q


# Each key head's [query, key, values, gates] and [betas, decays] side by side, as Qwen3-Next projects them, as what goes
# through the convolution [T, 2 K dk + V dv], gates [T, V dv], betas and decays [T, V].
def split_joint(qkvz: Tensor, ba: Tensor, key_heads: int, value_heads: int, key_width: int, value_width: int) -> Tuple[Tensor, Tensor, Tensor, Tensor]:
  rows = torch.size(qkvz, 0)
  each = torch.floordiv(value_heads, key_heads)
  heads = torch.reshape(qkvz, [rows, key_heads, -1])
  values = 2 * key_width + each * value_width
  q = torch.flatten(torch.slice(heads, 2, 0, key_width), 1)
  k = torch.flatten(torch.slice(heads, 2, key_width, 2 * key_width), 1)
  v = torch.flatten(torch.slice(heads, 2, 2 * key_width, values), 1)
  z = torch.flatten(torch.slice(heads, 2, values, values + each * value_width), 1)
  pairs = torch.reshape(ba, [rows, key_heads, -1])
  b = torch.flatten(torch.slice(pairs, 2, 0, each), 1)
  a = torch.flatten(torch.slice(pairs, 2, each, 2 * each), 1)
  return (torch.cat([q, k, v], 1), z, b, a)


# x / |x| over the last dimension
def unit(x: Tensor) -> Tensor:
  return x * torch.rsqrt(torch.sum(x * x, [-1], True) + 1e-6)


# The block between projections: convolved [B*S, 2 K dk + V dv], betas and decays before their functions [B*S, V], A_log and
# dt_bias [V] -> [B*S, V dv]
def mix(convolved: Tensor, b: Tensor, a: Tensor, A_log: Tensor, dt_bias: Tensor, batch: int, key_heads: int, key_width: int, value_width: int) -> Tensor:
  keys = key_heads * key_width
  value_heads = torch.size(b, 1)
  each = torch.floordiv(value_heads, key_heads)
  q = __torch__.attention.split_heads(torch.slice(convolved, 1, 0, keys), batch, key_heads)
  k = __torch__.attention.split_heads(torch.slice(convolved, 1, keys, 2 * keys), batch, key_heads)
  v = __torch__.attention.split_heads(torch.slice(convolved, 1, 2 * keys, torch.size(convolved, 1)), batch, value_heads)
  q = torch.repeat_interleave(__torch__.delta_net.unit(q), each, 1) * torch.pow(float(key_width), -0.5)
  k = torch.repeat_interleave(__torch__.delta_net.unit(k), each, 1)
  beta = torch.transpose(torch.reshape(torch.sigmoid(b), [batch, -1, value_heads]), 1, 2)
  g = torch.neg(torch.exp(A_log)) * torch.softplus(a + dt_bias)
  decay = torch.transpose(torch.reshape(g, [batch, -1, value_heads]), 1, 2)
  out = __torch__.delta_net.chunked(q, k, v, decay, beta, 64)
  return torch.reshape(torch.transpose(out, 1, 2), [-1, value_heads * value_width])


# Token by token, as the formula above stands: q, k [B, V, S, dk], v [B, V, S, dv], decay = log alpha and beta [B, V, S].
def recurrent(q: Tensor, k: Tensor, v: Tensor, decay: Tensor, beta: Tensor) -> Tensor:
  S = torch.zeros([torch.size(q, 0), torch.size(q, 1), torch.size(q, 3), torch.size(v, 3)], dtype=6, layout=None, device=q.device, pin_memory=None)
  out = torch.zeros_like(v)
  for t in range(torch.size(q, 2)):
    S = S * torch.unsqueeze(torch.unsqueeze(torch.exp(decay[:, :, t]), 2), 3)
    key = torch.unsqueeze(k[:, :, t], 3)
    held = torch.sum(S * key, [2])
    change = torch.unsqueeze(beta[:, :, t], 2) * (v[:, :, t] - held)
    S = S + key * torch.unsqueeze(change, 2)
    out[:, :, t] = torch.sum(S * torch.unsqueeze(q[:, :, t], 3), [2])
  return out


# The same in chunks (section 3.3): within a chunk the corrections u of all tokens solve one triangular system, so that a
# chunk costs a few matrix products and only the state goes from chunk to chunk. With c_i the decay summed from the chunk's
# start, D_ij = exp(c_i - c_j) for i >= j and A_ij = beta_i (k_i . k_j) D_ij for i > j:
#   (I + A) u = beta v;  (I + A) w = beta exp(c) k;  u' = u - w S
#   o = exp(c) q S + (q k^T * D) u';  S = exp(c_last) S + (exp(c_last - c) k)^T u'
def chunked(q: Tensor, k: Tensor, v: Tensor, decay: Tensor, beta: Tensor, size: int) -> Tensor:
  length = torch.size(q, 2)
  padding = (size - length % size) % size
  chunks = torch.floordiv(length + padding, size)
  batch, heads = torch.size(q, 0), torch.size(q, 1)
  queries = torch.reshape(torch.constant_pad_nd(q, [0, 0, 0, padding]), [batch, heads, chunks, size, -1])
  keys = torch.reshape(torch.constant_pad_nd(k, [0, 0, 0, padding]), [batch, heads, chunks, size, -1])
  values = torch.reshape(torch.constant_pad_nd(v, [0, 0, 0, padding]), [batch, heads, chunks, size, -1])
  weights = torch.unsqueeze(torch.reshape(torch.constant_pad_nd(beta, [0, padding]), [batch, heads, chunks, size]), 4)
  c = torch.cumsum(torch.reshape(torch.constant_pad_nd(decay, [0, padding]), [batch, heads, chunks, size]), 3)
  position = torch.arange(0, size, 1, dtype=4, layout=None, device=q.device, pin_memory=None)
  later = torch.gt(torch.unsqueeze(position, 0), torch.unsqueeze(position, 1))
  D = torch.exp(torch.masked_fill(torch.unsqueeze(c, 4) - torch.unsqueeze(c, 3), later, -inf))
  # Entries on and above the diagonal are not read by the solver.
  A = torch.matmul(keys * weights, torch.transpose(keys, 3, 4)) * D
  u = torch.linalg_solve_triangular(A, values * weights, upper=False, left=True, unitriangular=True)
  w = torch.linalg_solve_triangular(A, keys * weights * torch.unsqueeze(torch.exp(c), 4), upper=False, left=True, unitriangular=True)
  within = torch.matmul(queries, torch.transpose(keys, 3, 4)) * D
  decayed = queries * torch.unsqueeze(torch.exp(c), 4)
  last = torch.slice(c, 3, size - 1, size)
  remembered = keys * torch.unsqueeze(torch.exp(last - c), 4)
  S = torch.zeros([batch, heads, torch.size(q, 3), torch.size(v, 3)], dtype=6, layout=None, device=q.device, pin_memory=None)
  out = torch.zeros_like(values)
  for i in range(chunks):
    corrected = u[:, :, i] - torch.matmul(w[:, :, i], S)
    out[:, :, i] = torch.matmul(decayed[:, :, i], S) + torch.matmul(within[:, :, i], corrected)
    kept = S * torch.unsqueeze(torch.exp(last[:, :, i]), 3)
    S = kept + torch.matmul(torch.transpose(remembered[:, :, i], 2, 3), corrected)
  return torch.slice(torch.reshape(out, [batch, heads, chunks * size, -1]), 2, 0, length)


# Every head's output normalised, times the weight [dv] and SiLU of the gate: x, z [T, V dv]
def gated_norm(x: Tensor, z: Tensor, w: Tensor, eps: float) -> Tensor:
  return __torch__.attention.head_norm(x, w, eps) * torch.silu(z)
