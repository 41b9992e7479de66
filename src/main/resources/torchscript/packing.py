"""Codes to bytes: element i of a row takes the bits [i b, i b + b) of a little-endian bit string.
Words of 32 bits (compressed-tensors, GPTQ), FP4's low nibble first and FP6's three bytes for four
are all this one stream.
"""

from typing import List

import torch
from torch import Tensor


def pack(codes: Tensor, bits: int, align: int) -> Tensor:
    """Uint8 codes [..., K] -> uint8 [..., bytes], each row on its own, padded with zeros to a
    multiple of align bytes.
    """
    if bits == 8 and codes.shape[-1] % align == 0:
        return codes.contiguous()
    K = codes.shape[-1]
    size = (K * bits + 7) // 8
    size = (size + align - 1) // align * align
    if 8 % bits == 0:
        return pack_whole(torch.constant_pad_nd(codes, [0, size * 8 // bits - K]), bits)
    lanes = (size + bits - 1) // bits
    padded = torch.constant_pad_nd(codes, [0, lanes * 8 - K])
    eights = torch.reshape(padded, list(codes.shape[:-1]) + [lanes, 8])
    planes: List[Tensor] = []
    for byte in range(bits):
        out = torch.zeros_like(eights[..., 0])
        for i in range(8):
            shift = i * bits - byte * 8
            if shift > -bits and shift < 8:
                part = eights[..., i]
                moved = (
                    torch.bitwise_left_shift(part, shift)
                    if shift >= 0
                    else torch.bitwise_right_shift(part, -shift)
                )
                out = torch.bitwise_or(out, moved)
        planes.append(out)
    packed = torch.flatten(torch.stack(planes, -1), -2)
    return torch.narrow(packed, -1, 0, size).contiguous()


def pack_whole(codes: Tensor, bits: int) -> Tensor:
    """The same where a byte holds whole codes, of which there are enough."""
    each = 8 // bits
    lanes = torch.reshape(codes, list(codes.shape[:-1]) + [codes.shape[-1] // each, each])
    out = lanes[..., 0]
    for i in range(1, each):
        out = torch.bitwise_or(out, torch.bitwise_left_shift(lanes[..., i], i * bits))
    return out.contiguous()


def unpack_whole(packed: Tensor, bits: int) -> Tensor:
    """The inverse: all codes of the bytes."""
    codes: List[Tensor] = []
    for i in range(8 // bits):
        shifted = packed if i == 0 else torch.bitwise_right_shift(packed, i * bits)
        codes.append(torch.bitwise_and(shifted, (1 << bits) - 1))
    return torch.flatten(torch.stack(codes, -1), -2)


def unpack(packed: Tensor, bits: int, count: int) -> Tensor:
    """The inverse: uint8 [..., bytes] -> uint8 codes [..., count]."""
    size = packed.shape[-1]
    if 8 % bits == 0 and size * 8 >= count * bits:
        return torch.narrow(unpack_whole(packed, bits), -1, 0, count).contiguous()
    lanes = (count + 7) // 8
    padded = torch.constant_pad_nd(packed, [0, max(lanes * bits - size, 0)])
    bytes = torch.reshape(
        torch.narrow(padded, -1, 0, lanes * bits), list(packed.shape[:-1]) + [lanes, bits]
    )
    codes: List[Tensor] = []
    for i in range(8):
        value = torch.zeros_like(bytes[..., 0])
        for byte in range(bits):
            shift = i * bits - byte * 8
            if shift > -bits and shift < 8:
                part = bytes[..., byte]
                moved = (
                    torch.bitwise_right_shift(part, shift)
                    if shift >= 0
                    else torch.bitwise_left_shift(part, -shift)
                )
                value = torch.bitwise_or(value, moved)
        codes.append(torch.bitwise_and(value, (1 << bits) - 1))
    return torch.narrow(torch.flatten(torch.stack(codes, -1), -2), -1, 0, count).contiguous()


def words(codes: Tensor, bits: int) -> Tensor:
    """Compressed-tensors' weight_packed: rows in 32-bit words."""
    return pack(codes, bits, 4)


def words_down(codes: Tensor, bits: int) -> Tensor:
    """Packed along the rows instead (zero points; GPTQ's qweight): [B, N, K] -> bytes of int32 [B,
    words, K].
    """
    packed = pack(torch.transpose(codes, 1, 2).contiguous(), bits, 4)
    by_word = torch.reshape(packed, list(packed.shape[:-1]) + [packed.shape[-1] // 4, 4])
    return torch.transpose(by_word, 1, 2).contiguous()


def exponents(scale: Tensor) -> Tensor:
    """E8M0: a power of two as its exponent plus 127."""
    _, exponent = torch.frexp(scale)
    return (exponent + 126).to(torch.uint8)


def zero_codes(zero: Tensor, least: float) -> Tensor:
    return (zero - least).to(torch.uint8)


def local_scales(scale: Tensor, outer: Tensor) -> Tensor:
    """NVFP4's scale of each block, without the tensor's own."""
    return torch.view_copy(
        (scale / torch.reshape(outer, [-1, 1, 1])).to(torch.float8_e4m3fn), dtype=torch.uint8
    )


def as_bytes(x: Tensor, dtype: int) -> Tensor:
    """[B, ...] in another dtype, as raw bytes [B, n]."""
    return torch.view_copy(torch.flatten(x.to(dtype).contiguous(), 1), dtype=torch.uint8)


def reciprocal(x: Tensor) -> Tensor:
    return torch.reshape(1.0 / x, [-1, 1])


def zeros_from_words(packed: Tensor, bits: int, outputs: int, least: float) -> Tensor:
    """Zero points packed along the rows, bytes [words, G, 4] -> [N, G]."""
    by_group = torch.flatten(torch.permute(packed, [1, 0, 2]).contiguous(), 1)
    return torch.transpose(unpack(by_group, bits, outputs).to(torch.float32) + least, 0, 1)


def powers_of_two(exponents: Tensor) -> Tensor:
    e = exponents.to(torch.int32) - 127
    return torch.ldexp(torch.ones_like(e, dtype=torch.float32), e)


def divided(scale: Tensor, divisor: Tensor) -> Tensor:
    return scale.to(torch.float32) * (1.0 / divisor)


def signed(codes: Tensor, least: float) -> Tensor:
    return codes.to(torch.float32) + least


def gptq_zeros(zero: Tensor, least: float, bits: int) -> Tensor:
    """GPTQ version 1 stores one less than the zero point: [B, G, N] to words along N."""
    return words((zero - least - 1.0).to(torch.uint8), bits)


def gptq_zero_points(packed: Tensor, bits: int, outputs: int, least: float, less: int) -> Tensor:
    """GPTQ's zero points [G, bytes], stored as so much less than they are: [N, G]."""
    codes = unpack(packed, bits, outputs).to(torch.int32) + less
    zero = torch.bitwise_and(codes, (1 << bits) - 1).to(torch.float32) + least
    return torch.transpose(zero, 0, 1).contiguous()


def group_index(codes: Tensor, scale: Tensor) -> Tensor:
    """The group of every input, int32, for each element of the batch."""
    K, G = codes.shape[2], scale.shape[2]
    index = torch.floor_divide(torch.arange(0, K, dtype=torch.int64, device=codes.device), K // G)
    return as_bytes(torch.unsqueeze(index, 0).expand([codes.shape[0], K]), 3)


def unsigned(codes: Tensor, least: float) -> Tensor:
    return (codes.to(torch.float32) - least).to(torch.uint8)


def codes_from_words(packed: Tensor, bits: int, count: int) -> Tensor:
    """Codes packed along the rows, bytes [words, N, 4] -> [N, count]."""
    by_row = torch.flatten(torch.permute(packed, [1, 0, 2]).contiguous(), 1)
    return unpack(by_row, bits, count)


def input_divisor(largest: Tensor) -> Tensor:
    """NVFP4's divisor of inputs: their largest value lands on 448 times 6. float32 [B, 1]."""
    return torch.reshape((448.0 * 6.0) / torch.clamp_min(largest, 1e-30), [-1, 1])
