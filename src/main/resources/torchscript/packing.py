# Codes to bytes: element i of a row takes the bits [i b, i b + b) of a little-endian bit string. Words of 32
# bits (compressed-tensors, GPTQ), FP4's low nibble first and FP6's three bytes for four are all this one stream.

def pack(codes: Tensor, bits: int, align: int) -> Tensor:
  # uint8 codes [..., K] -> uint8 [..., bytes], each row on its own, padded with zeros to a multiple of align bytes.
  if bits == 8 and torch.size(codes, -1) % align == 0:
    return torch.contiguous(codes)
  K = torch.size(codes, -1)
  size = (K * bits + 7) // 8
  size = (size + align - 1) // align * align
  lanes = (size + bits - 1) // bits
  padded = torch.constant_pad_nd(codes, [0, lanes * 8 - K])
  eights = torch.reshape(padded, torch.size(codes)[:-1] + [lanes, 8])
  planes: List[Tensor] = []
  for byte in range(bits):
    out = torch.zeros_like(eights[..., 0])
    for i in range(8):
      shift = i * bits - byte * 8
      if shift > -bits and shift < 8:
        part = eights[..., i]
        moved = torch.bitwise_left_shift(part, shift) if shift >= 0 else torch.bitwise_right_shift(part, -shift)
        out = torch.bitwise_or(out, moved)
    planes.append(out)
  packed = torch.flatten(torch.stack(planes, -1), -2)
  return torch.contiguous(torch.narrow(packed, -1, 0, size))

def unpack(packed: Tensor, bits: int, count: int) -> Tensor:
  # The inverse: uint8 [..., bytes] -> uint8 codes [..., count].
  size = torch.size(packed, -1)
  lanes = (count + 7) // 8
  padded = torch.constant_pad_nd(packed, [0, max(lanes * bits - size, 0)])
  bytes = torch.reshape(torch.narrow(padded, -1, 0, lanes * bits), torch.size(packed)[:-1] + [lanes, bits])
  codes: List[Tensor] = []
  for i in range(8):
    value = torch.zeros_like(bytes[..., 0])
    for byte in range(bits):
      shift = i * bits - byte * 8
      if shift > -bits and shift < 8:
        part = bytes[..., byte]
        moved = torch.bitwise_right_shift(part, shift) if shift >= 0 else torch.bitwise_left_shift(part, -shift)
        value = torch.bitwise_or(value, moved)
    codes.append(torch.bitwise_and(value, (1 << bits) - 1))
  return torch.contiguous(torch.narrow(torch.flatten(torch.stack(codes, -1), -2), -1, 0, count))

def words(codes: Tensor, bits: int) -> Tensor:
  # compressed-tensors' weight_packed: rows in 32-bit words.
  return __torch__.packing.pack(codes, bits, 4)

def words_down(codes: Tensor, bits: int) -> Tensor:
  # Packed along the rows instead (zero points; GPTQ's qweight): [B, N, K] -> bytes of int32 [B, words, K].
  packed = __torch__.packing.pack(torch.contiguous(torch.transpose(codes, 1, 2)), bits, 4)
  by_word = torch.reshape(packed, torch.size(packed)[:-1] + [torch.size(packed, -1) // 4, 4])
  return torch.contiguous(torch.transpose(by_word, 1, 2))

def exponents(scale: Tensor) -> Tensor:
  # E8M0: a power of two as its exponent plus 127.
  _, exponent = torch.frexp(scale)
  return (exponent + 126).to(0)

def zero_codes(zero: Tensor, least: float) -> Tensor:
  return (zero - least).to(0)

def local_scales(scale: Tensor, outer: Tensor) -> Tensor:
  # NVFP4's scale of each block, without the tensor's own.
  return torch.view_copy((scale / torch.reshape(outer, [-1, 1, 1])).to(24), dtype=0)

def as_bytes(x: Tensor, dtype: int) -> Tensor:
  # [B, ...] in another dtype, as raw bytes [B, n].
  return torch.view_copy(torch.flatten(torch.contiguous(x.to(dtype)), 1), dtype=0)

def rows(x: Tensor, first: int, last: int) -> Tensor:
  return torch.contiguous(x[:, first:last])

def element(x: Tensor, index: int) -> Tensor:
  return torch.contiguous(x[index])

def reciprocal(x: Tensor) -> Tensor:
  return torch.reshape(1.0 / x, [-1, 1])

def stack(weights: List[Tensor]) -> Tensor:
  # Linears that share an input as one problem of more rows: [1, R, K].
  return torch.unsqueeze(torch.cat(weights, 0), 0)

def select(x: Tensor, elements: List[int]) -> Tensor:
  return torch.index_select(x, 0, torch.tensor(elements, dtype=4, device=x.device))

def replace(x: Tensor, elements: List[int], first: int, last: int, rows: Tensor) -> Tensor:
  # x[elements, first:last] = rows, in place.
  x[torch.tensor(elements, dtype=4, device=x.device), first:last] = rows
  return x

def zeros_from_words(packed: Tensor, bits: int, outputs: int, least: float) -> Tensor:
  # Zero points packed along the rows, bytes [words, G, 4] -> [N, G].
  by_group = torch.flatten(torch.contiguous(torch.permute(packed, [1, 0, 2])), 1)
  return torch.transpose(__torch__.packing.unpack(by_group, bits, outputs).to(6) + least, 0, 1)

def powers_of_two(exponents: Tensor) -> Tensor:
  e = exponents.to(3) - 127
  return torch.ldexp(torch.ones_like(e, dtype=6), e)

def divided(scale: Tensor, divisor: Tensor) -> Tensor:
  return scale.to(6) * (1.0 / divisor)

def checksum(weight: Tensor, first: int, last: int) -> Tensor:
  # Of rows first..last-1 of each element of [B, R, K] float32: their bits times their position, in wrapping 64-bit integers, so that the
  # order of summation does not matter. Zeros count the same whatever their sign. int64 [B].
  sums: List[Tensor] = []
  for b in range(torch.size(weight, 0)):
    bits = torch.view_copy(torch.flatten(torch.contiguous(weight[b, first:last])) + 0.0, dtype=3).to(4)
    position = torch.arange(1, torch.numel(bits) + 1, dtype=4, device=bits.device)
    sums.append(torch.sum(bits * position))
  return torch.stack(sums)

def swap(x: Tensor) -> Tensor:
  return torch.contiguous(torch.transpose(x, 1, 2))

def signed(codes: Tensor, least: float) -> Tensor:
  return codes.to(6) + least

def gptq_zeros(zero: Tensor, least: float, bits: int) -> Tensor:
  # GPTQ version 1 stores one less than the zero point: [B, G, N] to words along N.
  return __torch__.packing.words((zero - least - 1.0).to(0), bits)

def group_index(codes: Tensor, scale: Tensor) -> Tensor:
  # The group of every input, int32, for each element of the batch.
  K, G = torch.size(codes, 2), torch.size(scale, 2)
  index = torch.floor_divide(torch.arange(0, K, dtype=4, device=codes.device), K // G)
  return __torch__.packing.as_bytes(torch.expand(torch.unsqueeze(index, 0), [torch.size(codes, 0), K]), 3)

def rounded(x: Tensor, dtype: int) -> Tensor:
  return x.to(dtype).to(6)

def unsigned(codes: Tensor, least: float) -> Tensor:
  return (codes.to(6) - least).to(0)

def codes_from_words(packed: Tensor, bits: int, count: int) -> Tensor:
  # Codes packed along the rows, bytes [words, N, 4] -> [N, count].
  by_row = torch.flatten(torch.contiguous(torch.permute(packed, [1, 0, 2])), 1)
  return __torch__.packing.unpack(by_row, bits, count)

def transposed(x: Tensor) -> Tensor:
  return torch.contiguous(torch.transpose(x, 0, 1))

def finite(x: Tensor, first: int, last: int) -> Tensor:
  # Whether rows first..last-1 of each element of [B, R, K] are free of infinities and not-a-number, int64 [B].
  return torch.all(torch.flatten(torch.isfinite(x[:, first:last]), 1), 1).to(4)

def input_divisor(largest: Tensor) -> Tensor:
  # NVFP4's divisor of inputs: their largest value lands on 448 times 6. float32 [B, 1].
  return torch.reshape((448.0 * 6.0) / torch.clamp_min(largest, 1e-30), [-1, 1])
