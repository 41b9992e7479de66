# From stored tensors to the fp32 arrays that everything computes with.


# Token ids [B, S] -> rows [B, S, H] of a table [V, H] of any float type, times a constant.
def embed(table: Tensor, ids: Tensor, factor: float) -> Tensor:
  rows = torch.size(table, 0)
  smallest = int(torch.min(ids))
  largest = int(torch.max(ids))
  if smallest < 0 or largest >= rows:
    ops.prim.RaiseException("token ids must be 0..{} but run from {} to {}".format(rows - 1, smallest, largest))
  return torch.embedding(table, ids).to(6) * factor


# An uninitialised fp32 array on the device of `like`.
def allocate(shape: List[int], like: Tensor) -> Tensor:
  return torch.empty(shape, dtype=6, layout=None, device=like.device, pin_memory=None, memory_format=None)


# Writes source [rows, n] of any float type into target[index, row:row+rows] of target [C, R, n].
def place(target: Tensor, source: Tensor, index: int, row: int) -> Tensor:
  part = torch.slice(torch.select(target, 0, index), 0, row, row + torch.size(source, 0))
  return torch.copy_(part, source)


# MXFP4 (OCP MX 1.0, section 5): blocks uint8 [R, G, 16] hold 32 E2M1 codes each, low nibble first; scales uint8 [R, G]
# are powers of two. -> fp32 [R, 32 G]
def dequantize_mxfp4(blocks: Tensor, scales: Tensor) -> Tensor:
  byte = torch.arange(0, 256, 1, dtype=0, layout=None, device=blocks.device, pin_memory=None)
  codes = torch.stack([torch.bitwise_and(byte, 15), torch.bitwise_right_shift(byte, 4)], 1)
  # What the two codes of each possible byte are worth: looking it up needs less memory than decoding every code.
  pairs = __torch__.format.decode(codes, [1., 1., 0., 6.])
  values = torch.flatten(torch.embedding(pairs, blocks.to(3)), 2)
  return torch.flatten(values * torch.unsqueeze(__torch__.packing.powers_of_two(scales), 2), 1)


# A matrix stored [in, out] as [out, in].
def transposed(w: Tensor) -> Tensor:
  return torch.transpose(w, 0, 1)


# Every step-th row from first to last - 1.
def rows(w: Tensor, first: int, last: int, step: int) -> Tensor:
  return torch.slice(w, 0, first, last, step)


# compressed-tensors' pack-quantized integers: packed uint8 [N, bytes], a scale for each group of a row [N, G]; a code is
# the value plus half of the range. -> fp32 [N, K]
def dequantize_packed(packed: Tensor, scale: Tensor, bits: int, columns: int) -> Tensor:
  codes = __torch__.packing.unpack(packed, bits, columns).to(6) - float(1 << (bits - 1))
  groups = torch.reshape(codes, [torch.size(codes, 0), torch.size(scale, 1), -1])
  return torch.flatten(groups * torch.unsqueeze(scale.to(6), 2), 1)


# Block-scaled fp8 (DeepSeek-V3, README_WEIGHTS): w[i, j] = q[i, j] * scale[i // rows, j // columns]; edge blocks are smaller.
def dequantize_blocks(q: Tensor, scale: Tensor, rows: int, columns: int) -> Tensor:
  tall = torch.slice(torch.repeat_interleave(scale.to(6), rows, 0), 0, 0, torch.size(q, 0))
  return q.to(6) * torch.slice(torch.repeat_interleave(tall, columns, 1), 1, 0, torch.size(q, 1))
