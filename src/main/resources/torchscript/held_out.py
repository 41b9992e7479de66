"""Rows that are held out of calibration: whole sequences, so that settings are chosen by the error on
tokens that a trial was not solved on.
"""

from typing import List, Tuple

import torch
from torch import Tensor


def of_tokens(tokens: Tensor, length: int, first: int, every: int) -> Tensor:
    """Places of those tokens whose sequence is the last of every `every`. Sequences have `length`
    tokens; that of token 0 is number `first` of all.
    """
    sequence = torch.floor_divide(tokens, length) + first
    return torch.squeeze(torch.nonzero(sequence % every == every - 1), -1)


def rows(
    x: Tensor, weight: Tensor, start: int, length: int, first: int, every: int
) -> Tuple[Tensor, Tensor]:
    """The rows of x [n, K] that are held out and their weights, the first row being token `start`."""
    tokens = torch.arange(start, start + x.shape[0], dtype=torch.int64, device=x.device)
    places = of_tokens(tokens, length, first, every)
    return torch.index_select(x, 0, places), torch.index_select(weight, 0, places)


def pairs(
    rows: Tensor, weights: Tensor, offsets: List[int], length: int, first: int, every: int
) -> Tuple[Tensor, Tensor, Tensor, Tensor]:
    """The (token, slot) pairs that are held out, sorted by expert as all are, with the offsets of the experts and the
    place of each among all pairs of its expert.
    """
    places = of_tokens(rows, length, first, every)
    bounds = torch.tensor(offsets, dtype=torch.int64, device=rows.device)
    expert = torch.searchsorted(bounds, places, right=True) - 1
    return (
        torch.index_select(rows, 0, places),
        torch.index_select(weights, 0, places),
        torch.searchsorted(places, bounds),
        places - torch.index_select(bounds, 0, expert),
    )


def own_rows(read: List[Tensor], places: Tensor, offsets: List[int], first: int) -> List[Tensor]:
    """Some rows of what experts from `first` on read: those at the places offsets[e]..offsets[e + 1]."""
    own: List[Tensor] = []
    for c in range(len(read)):
        of_expert = places[offsets[first + c] : offsets[first + c + 1]]
        own.append(torch.index_select(read[c], 0, of_expert))
    return own
