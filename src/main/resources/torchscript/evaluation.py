def negative_log_likelihood(logits: Tensor, ids: Tensor) -> Tensor:
  # Sum over tokens 2..S of every window of -log p(token | those before), float64 scalar.
  predicted = torch.log_softmax(logits[:, :-1].to(6), -1)
  chosen = torch.gather(predicted, -1, torch.unsqueeze(ids[:, 1:], -1))
  return -torch.sum(chosen.to(7))
