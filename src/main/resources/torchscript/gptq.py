# GPTQ (Frantar et al. 2023, arXiv 2210.17323, algorithm 1) over a batch of B linears of one shape.
# Matrices are held transposed, [B, K, R] for R outputs and K inputs, so that the paper's columns are
# contiguous. H is [B, K, K]: the sum of x x^T over the linear's inputs, weighted by routing where they are routed.

def diagonal(H: Tensor) -> Tensor:
  return torch.diagonal(H, dim1=-2, dim2=-1)

def damped(H: Tensor, damp: Tensor) -> Tensor:
  # Inputs that never fire have a zero diagonal: a one there keeps H invertible and leaves them to plain rounding.
  d = __torch__.gptq.diagonal(H)
  added = torch.unsqueeze(damp * torch.mean(d, [-1]), -1) + (d == 0.0).to(6)
  return H + torch.diag_embed(added)

def inverse_factor(H: Tensor) -> Tuple[Tensor, Tensor]:
  # The upper U with H^-1 = U^T U, which the paper takes from the Cholesky factor of H^-1. Reversing
  # rows and columns gives it from one factorisation of H: if J H J = L L^T, then U = J L^-1 J.
  L, info = torch.linalg_cholesky_ex(torch.flip(H, [-2, -1]))
  eye = torch.expand_as(torch.eye(torch.size(H, -1), dtype=H.dtype, device=H.device), H)
  U = torch.flip(torch.linalg_solve_triangular(L, eye, upper=False), [-2, -1])
  finite = torch.all(torch.flatten(torch.isfinite(U), 1), 1)
  return U, torch.logical_and(info == 0, finite)

def factorize(H: Tensor, damp: float) -> Tuple[Tensor, Tensor, Tensor]:
  # Damping grows tenfold for just those elements that fail. What fails at the top, and what no input ever reached (a
  # Hessian of zeros), gets the identity, that is plain rounding, marked by a returned damping of -1.
  B, K = torch.size(H, 0), torch.size(H, 1)
  used = torch.full([B], damp, dtype=6, device=H.device)
  Hd = __torch__.gptq.damped(H, used)
  U, good = __torch__.gptq.inverse_factor(Hd)
  for step in range(4):
    if not bool(torch.all(good)):
      failed = torch.squeeze(torch.nonzero(torch.logical_not(good)), -1)
      # A damping too small for float32 is zero, which no factor raises.
      raised = torch.clamp_min(torch.index_select(used, 0, failed) * 10.0, 1e-6)
      again = __torch__.gptq.damped(torch.index_select(H, 0, failed), raised)
      U_again, good_again = __torch__.gptq.inverse_factor(again)
      used[failed] = raised
      Hd[failed] = again
      U[failed] = U_again
      good[failed] = good_again
  good = torch.logical_and(good, torch.amax(__torch__.gptq.diagonal(H), [-1]) != 0.0)
  if not bool(torch.all(good)):
    failed = torch.squeeze(torch.nonzero(torch.logical_not(good)), -1)
    eye = torch.expand(torch.eye(K, dtype=6, device=H.device), [torch.size(failed, 0), K, K])
    used[failed] = torch.full([torch.size(failed, 0)], -1.0, dtype=6, device=H.device)
    Hd[failed] = eye
    U[failed] = eye
  return U, Hd, used

def reorder(x: Tensor, order: Tensor) -> Tensor:
  # Rows of x [B, K, R] in each element's own order [B, K].
  return torch.gather(x, 1, torch.expand_as(torch.unsqueeze(order, -1), x))

def quantize_into(q: Tensor, w: Tensor, scale: Tensor, zero: Tensor, grid: List[float], symmetric: bool) -> Tensor:
  # format.quantize, written in place: a column is so short that every launch counts.
  if symmetric:
    return torch.mul(__torch__.format.round_to_grid(w / scale, grid), scale, out=q)
  return torch.mul(__torch__.format.round_to_grid(w / scale + zero, grid) - zero, scale, out=q)

def error_feedback(W: Tensor, U: Tensor, scale: Tensor, zero: Tensor, grid: List[float], block: int,
    symmetric: bool) -> Tensor:
  # Algorithm 1: quantize one input after the other and spread its error over those still to come,
  # within the block at once and over the rest when the block is done. Rows of U are divided by their
  # diagonal beforehand, where the paper divides each error.
  W = torch.clone(W)
  Q = torch.empty_like(W)
  N = U / torch.unsqueeze(__torch__.gptq.diagonal(U), -1)
  K = torch.size(W, 1)
  for first in range(0, K, block):
    last = min(first + block, K)
    W1, N1 = W[:, first:last], N[:, first:last, first:last]
    Err = torch.empty_like(torch.contiguous(W1))
    for i in range(last - first):
      w, q = W1[:, i], Q[:, first + i]
      __torch__.gptq.quantize_into(q, w, scale[:, first + i], zero[:, first + i], grid, symmetric)
      err = torch.sub(w, q, out=Err[:, i])
      torch.addcmul_(W1[:, i + 1:], torch.unsqueeze(N1[:, i, i + 1:], -1), torch.unsqueeze(err, 1), value=-1.0)
    torch.baddbmm_(W[:, last:], torch.transpose(N[:, first:last, last:], 1, 2), Err, beta=1.0, alpha=-1.0)
  return Q

def coordinate_descent(W: Tensor, Q: Tensor, H: Tensor, scale: Tensor, zero: Tensor, grid: List[float],
    block: int, symmetric: bool) -> Tensor:
  # One sweep: every weight moves to the grid value that is best while the others stay, so that the objective
  # tr (W-Q)^T H (W-Q) never grows. Of Residual = H (W - Q) only the rows still to be read are kept up to date.
  K = torch.size(W, 1)
  Residual = torch.bmm(H, W - Q)
  New = torch.empty_like(Q)
  d = torch.unsqueeze(torch.contiguous(__torch__.gptq.diagonal(H)), -1)
  for first in range(0, K, block):
    last = min(first + block, K)
    R1, H1 = torch.clone(Residual[:, first:last]), H[:, first:last, first:last]
    Move = torch.empty_like(R1)
    for i in range(last - first):
      old, new = Q[:, first + i], New[:, first + i]
      best = torch.addcdiv(old, R1[:, i], d[:, first + i])
      __torch__.gptq.quantize_into(new, best, scale[:, first + i], zero[:, first + i], grid, symmetric)
      move = torch.sub(new, old, out=Move[:, i])
      torch.addcmul_(R1[:, i + 1:], torch.unsqueeze(H1[:, i + 1:, i], -1), torch.unsqueeze(move, 1), value=-1.0)
    torch.baddbmm_(Residual[:, last:], H[:, last:, first:last], Move, beta=1.0, alpha=-1.0)
  return New

def weighted_error(W: Tensor, Q: Tensor, H: Tensor) -> Tensor:
  # Per output: (w-q)^T H (w-q), [B, R].
  E = W - Q
  return torch.sum(E * torch.bmm(H, E), [1])

def solve(weight: Tensor, hessian: Tensor, scale: Tensor, zero: Tensor, grid: List[float],
    group_size: int, symmetric: bool, damp: float, block: int, act_order: bool, sweeps: int, rows: int
    ) -> Tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
  # weight [B, R, K], hessian [B, K, K], scale and zero [B, R, K / group_size] as format.search_scales gives them.
  # Rows do not depend on each other given the Hessian: `rows` of them are solved at once.
  # Returns the quantized weight [B, R, K], the error of plain rounding, the error reached and the
  # output energy, each per output [B, R], and the damping used [B] (-1: not invertible, plain rounding).
  B, R, K = torch.size(weight, 0), torch.size(weight, 1), torch.size(weight, 2)
  if torch.size(hessian, 0) != B or torch.size(hessian, 1) != K or torch.size(hessian, 2) != K:
    ops.prim.RaiseException("hessian must be [{}, {}, {}] but is {}".format(B, K, K, torch.size(hessian)))
  if K % group_size != 0:
    ops.prim.RaiseException("group_size {} does not divide {} inputs".format(group_size, K))
  order = torch.argsort(__torch__.gptq.diagonal(hessian), stable=True, dim=-1, descending=True)
  H = hessian
  if act_order:
    H = torch.transpose(__torch__.gptq.reorder(hessian, order), 1, 2)
    H = torch.contiguous(__torch__.gptq.reorder(H, order))
  U, Hd, used = __torch__.gptq.factorize(H, damp)
  quantized = torch.empty_like(torch.contiguous(weight))
  rounding_errors: List[Tensor] = []
  errors: List[Tensor] = []
  energies: List[Tensor] = []
  for first in range(0, R, rows):
    last = min(first + rows, R)
    W = torch.contiguous(torch.transpose(weight[:, first:last], 1, 2))
    S = torch.repeat_interleave(torch.transpose(scale[:, first:last], 1, 2), group_size, 1)
    Z = torch.repeat_interleave(torch.transpose(zero[:, first:last], 1, 2), group_size, 1)
    energies.append(torch.sum(W * torch.bmm(hessian, W), [1]))
    rounding_errors.append(__torch__.gptq.weighted_error(W, __torch__.format.quantize(W, S, Z, grid), hessian))
    if act_order:
      W = __torch__.gptq.reorder(W, order)
      S = __torch__.gptq.reorder(S, order)
      Z = __torch__.gptq.reorder(Z, order)
    Q = __torch__.gptq.error_feedback(W, U, S, Z, grid, block, symmetric)
    for sweep in range(sweeps):
      Q = __torch__.gptq.coordinate_descent(W, Q, Hd, S, Z, grid, block, symmetric)
    errors.append(__torch__.gptq.weighted_error(W, Q, H))
    if act_order:
      Q = __torch__.gptq.reorder(Q, torch.argsort(order, stable=True, dim=-1, descending=False))
    quantized[:, first:last] = torch.transpose(Q, 1, 2)
  return quantized, torch.cat(rounding_errors, 1), torch.cat(errors, 1), torch.cat(energies, 1), used

def nearest(weight: Tensor, scale: Tensor, zero: Tensor, grid: List[float], group_size: int, rows: int
    ) -> Tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
  # The nearest grid values without any Hessian, in the shape of solve's result; errors are sums of squares.
  quantized = torch.empty_like(torch.contiguous(weight))
  for first in range(0, torch.size(weight, 1), rows):
    last = min(first + rows, torch.size(weight, 1))
    S = torch.repeat_interleave(scale[:, first:last], group_size, -1)
    Z = torch.repeat_interleave(zero[:, first:last], group_size, -1)
    quantized[:, first:last] = __torch__.format.quantize(weight[:, first:last], S, Z, grid)
  error = torch.sum((weight - quantized) * (weight - quantized), [-1])
  damp = torch.full([torch.size(weight, 0)], -1.0, dtype=6, device=weight.device)
  return quantized, error, torch.clone(error), torch.sum(weight * weight, [-1]), damp
