"""From stored tensors to the fp32 arrays that everything computes with."""

from typing import List

import torch
from torch import Tensor

import format
import packing


def embed(table: Tensor, ids: Tensor, factor: float) -> Tensor:
    """Token ids [B, S] -> rows [B, S, H] of a table [V, H] of any float type, times a constant."""
    rows = table.shape[0]
    smallest = int(torch.min(ids))
    largest = int(torch.max(ids))
    if smallest < 0 or largest >= rows:
        raise ValueError(
            "token ids must be 0..{} but run from {} to {}".format(rows - 1, smallest, largest)
        )
    return torch.embedding(table, ids).to(torch.float32) * factor


def allocate(shape: List[int], like: Tensor) -> Tensor:
    """An uninitialised fp32 array on the device of `like`."""
    return torch.empty(shape, dtype=torch.float32, device=like.device)


def place(target: Tensor, source: Tensor, index: int, row: int) -> Tensor:
    """Writes source [rows, n] of any float type into target[index, row:row+rows] of target [C, R,
    n].
    """
    part = target[index][row : row + source.shape[0]]
    return part.copy_(source)


def place_elements(target: Tensor, source: Tensor, first: int) -> Tensor:
    """target[first : first + n] = source [n, R, ...] of any float type, in place."""
    return target[first : first + source.shape[0]].copy_(source)


def dequantize_mxfp4(blocks: Tensor, scales: Tensor) -> Tensor:
    """MXFP4 (OCP MX 1.0, section 5): blocks uint8 [R, G, 16] hold 32 E2M1 codes each, low nibble
    first; scales uint8 [R, G] are powers of two. -> fp32 [R, 32 G]
    """
    byte = torch.arange(0, 256, 1, dtype=torch.uint8, device=blocks.device)
    codes = torch.stack([torch.bitwise_and(byte, 15), torch.bitwise_right_shift(byte, 4)], 1)
    # The two values of each possible byte: a look-up needs less memory than decoding every code.
    fp4 = format.Grid(True, -6.0, 6.0, 1, 0, 32, 1, 6, True, False, 0.0)
    pairs = format.decode(codes, fp4)
    values = torch.flatten(torch.embedding(pairs, blocks.to(torch.int32)), 2)
    return torch.flatten(values * torch.unsqueeze(packing.powers_of_two(scales), 2), 1)


def transposed(w: Tensor) -> Tensor:
    """A matrix stored [in, out] as [out, in]."""
    return torch.transpose(w, 0, 1)


def rows(w: Tensor, first: int, last: int, step: int) -> Tensor:
    """Every step-th row from first to last - 1."""
    return w[first:last:step]


def scales_by_row(scale: Tensor, rows: int, count: int) -> Tensor:
    """Scales of blocks of so many rows [B, G] as those of each of `count` rows: fp32 [N, G]."""
    repeated = torch.repeat_interleave(scale.to(torch.float32), rows, 0)
    return torch.narrow(repeated, 0, 0, count).contiguous()


def dequantize_blocks(q: Tensor, scale: Tensor, rows: int, columns: int) -> Tensor:
    """Block-scaled numbers (DeepSeek-V3, README_WEIGHTS); edge blocks are smaller.

    w[i, j] = q[i, j] * scale[i // rows, j // columns]
    """
    return q.to(torch.float32) * over_blocks(scale, q, rows, columns)


def minus_blocks(q: Tensor, zero: Tensor, rows: int, columns: int) -> Tensor:
    """The numbers less the zero point of their block."""
    return q.to(torch.float32) - over_blocks(zero, q, rows, columns)


def over_blocks(each: Tensor, like: Tensor, rows: int, columns: int) -> Tensor:
    tall = (torch.repeat_interleave(each.to(torch.float32), rows, 0))[: like.shape[0]]
    return torch.repeat_interleave(tall, columns, 1)[:, : like.shape[1]]
