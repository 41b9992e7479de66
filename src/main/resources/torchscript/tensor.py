"""Making, cutting, joining and checking arrays, and moving them between bytes and dtypes (named by
libtorch's numbers).
"""

from typing import List

import torch
from torch import Tensor


def allocate_like(device_of: Tensor, count: int) -> Tensor:
    """Uninitialised bytes on the device of another array."""
    return torch.empty([count], dtype=torch.uint8, device=device_of.device)


def copy_into(target: Tensor, offset: int, source: Tensor) -> Tensor:
    """Slices of a mapped file arrive one by one, as a Java buffer holds 2 GiB at most."""
    part = torch.narrow(target, 0, offset, source.shape[0])
    return part.copy_(source)


def reinterpret(bytes: Tensor, dtype: int, shape: List[int]) -> Tensor:
    return torch.reshape(torch.view_copy(bytes, dtype=dtype), shape)


def bytes(x: Tensor) -> Tensor:
    return torch.view_copy(torch.reshape(x.contiguous(), [-1]), dtype=torch.uint8)


def first(x: Tensor) -> Tensor:
    """A view of the first element of a contiguous array: it begins where the array does."""
    return torch.narrow(torch.flatten(x), 0, 0, 1)


def to_dtype(x: Tensor, dtype: int) -> Tensor:
    return x.to(dtype).contiguous()


def room(like: Tensor, count: int, width: int) -> Tensor:
    """Uninitialised float32 [count, width] on the device of another array."""
    return torch.empty([count, width], dtype=torch.float32, device=like.device)


def place_rows(target: Tensor, first: int, rows: Tensor) -> Tensor:
    """target[first : first + n] = rows [n, K], in place."""
    target[first : first + rows.shape[0]] = rows
    return target


def contiguous(x: Tensor) -> Tensor:
    """The same numbers in C order; itself where they are."""
    return x.contiguous()


def zeros(like: Tensor, count: int) -> Tensor:
    return torch.zeros([count], dtype=torch.float32, device=like.device)


def room_double(like: Tensor, count: int) -> Tensor:
    """Uninitialised float64 on the device of another array."""
    return torch.empty([count], dtype=torch.float64, device=like.device)


def zeros_square(like: Tensor, size: int) -> Tensor:
    return torch.zeros([size, size], dtype=torch.float32, device=like.device)


def zeros_square_double(like: Tensor, size: int) -> Tensor:
    return torch.zeros([size, size], dtype=torch.float64, device=like.device)


def ones_per_row(x: Tensor) -> Tensor:
    return torch.ones([x.shape[0]], dtype=torch.float32, device=x.device)


def concatenate(parts: List[Tensor]) -> Tensor:
    return torch.cat(parts, 0)


def repeated(x: Tensor, count: int) -> Tensor:
    return x.expand([count]).contiguous()


def largest(x: Tensor, so_far: Tensor) -> Tensor:
    """The largest absolute value of x and of what came before, [1]."""
    least, greatest = torch.aminmax(x)
    return torch.maximum(so_far, torch.reshape(torch.maximum(-least, greatest), [1]))


def greatest(x: Tensor) -> Tensor:
    """The greatest element, [1]."""
    return torch.reshape(torch.max(x), [1])


def rows(x: Tensor, first: int, last: int) -> Tensor:
    return x[:, first:last].contiguous()


def element(x: Tensor, index: int) -> Tensor:
    return x[index].contiguous()


def stack(weights: List[Tensor]) -> Tensor:
    """Linears that share an input as one problem of more rows: [1, R, K]."""
    return torch.unsqueeze(torch.cat(weights, 0), 0)


def select(x: Tensor, elements: List[int]) -> Tensor:
    return torch.index_select(x, 0, torch.tensor(elements, dtype=torch.int64, device=x.device))


def replace(x: Tensor, elements: List[int], first: int, last: int, rows: Tensor) -> Tensor:
    """x[elements, first:last] = rows, in place."""
    x[torch.tensor(elements, dtype=torch.int64, device=x.device), first:last] = rows
    return x


def swap(x: Tensor) -> Tensor:
    return torch.transpose(x, 1, 2).contiguous()


def differing(x: Tensor, y: Tensor) -> Tensor:
    """How many numbers of two arrays are not equal."""
    return torch.sum((x != y).to(torch.int64))


def chosen_columns(x: Tensor, columns: Tensor) -> Tensor:
    """Columns of x [N, C] in the order of their numbers."""
    return torch.index_select(x, 1, columns)


def transposed(x: Tensor) -> Tensor:
    return torch.transpose(x, 0, 1).contiguous()


def rounded(x: Tensor, dtype: int) -> Tensor:
    return x.to(dtype).to(torch.float32)


def checksum(weight: Tensor, first: int, last: int) -> Tensor:
    """Of rows first..last-1 of each element of [B, R, K] float32: their bits times their position,
    in wrapping 64-bit integers, so that the order of summation does not matter. Zeros count the
    same whatever their sign. int64 [B].
    """
    sums: List[Tensor] = []
    for b in range(weight.shape[0]):
        bits = torch.view_copy(
            torch.flatten(weight[b, first:last].contiguous()) + 0.0, dtype=torch.int32
        ).to(torch.int64)
        position = torch.arange(1, torch.numel(bits) + 1, dtype=torch.int64, device=bits.device)
        sums.append(torch.sum(bits * position))
    return torch.stack(sums)


def no_sums(like: Tensor, rows: int, count: int) -> Tensor:
    """Zeros int64 [rows, count] on the device of another array."""
    return torch.zeros([rows, count], dtype=torch.int64, device=like.device)


def are_zero(x: Tensor, row: int) -> Tensor:
    """Which elements of a row of x are 0, int64."""
    return (x[row] == 0).to(torch.int64)


def finite(x: Tensor, first: int, last: int) -> Tensor:
    """Whether rows first..last-1 of each element of [B, R, K] are free of infinities and
    not-a-number, int64 [B].
    """
    return torch.all(torch.flatten(torch.isfinite(x[:, first:last]), 1), 1).to(torch.int64)


def all_finite(x: Tensor) -> Tensor:
    """Whether no element is infinite or not-a-number, int64 [1]. The smallest and the largest
    element tell it without an array of answers, as not-a-number goes through to both.
    """
    if torch.numel(x) == 0:
        return torch.ones([1], dtype=torch.int64, device=x.device)
    least, greatest = torch.aminmax(x)
    both = torch.logical_and(torch.isfinite(least), torch.isfinite(greatest))
    return torch.reshape(both, [1]).to(torch.int64)


def zeros_like(x: Tensor) -> Tensor:
    """Zeros of the same shape and type."""
    return torch.zeros_like(x)


def reshape(x: Tensor, shape: List[int]) -> Tensor:
    """The same elements in another shape."""
    return torch.reshape(x, shape)


def columns(x: Tensor, begin: int, end: int) -> Tensor:
    """Columns begin..end-1 of x [T, n]."""
    return x[:, begin:end]


def slice(x: Tensor, begin: int, end: int) -> Tensor:
    """Elements begin..end-1 of x [n, ...]."""
    return x[begin:end].contiguous()


def side_by_side(parts: List[Tensor]) -> Tensor:
    """Several [T, n] as one [T, sum of n]."""
    return torch.cat(parts, -1)


def scaled(x: Tensor, factor: float) -> Tensor:
    """Times a number."""
    return x * factor


def cloned(x: Tensor) -> Tensor:
    """An array of its own with the same numbers; gradients pass it."""
    return torch.clone(x)
