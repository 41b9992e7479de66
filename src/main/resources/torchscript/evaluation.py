import torch
from torch import Tensor


def rows(x: Tensor, first: int, last: int) -> Tensor:
    """Positions first..last-1 of x [B, S, H], counted through all sequences, as [1, n, H]."""
    return torch.unsqueeze(torch.reshape(x, [-1, x.shape[-1]])[first:last], 0)


def negative_log_likelihood(logits: Tensor, next: Tensor) -> Tensor:
    """Sum of -log p(next token) over rows of logits [1, n, V], float64 scalar; a row whose `next`
    is -1 predicts nothing.
    """
    predicted = torch.log_softmax(logits[0].to(torch.float32), -1)
    chosen = torch.gather(predicted, -1, torch.unsqueeze(torch.clamp_min(next, 0), -1))
    counted = torch.where(
        torch.unsqueeze(next, -1) >= 0,
        chosen.to(torch.float64),
        torch.zeros_like(chosen, dtype=torch.float64),
    )
    return -torch.sum(counted)
