def allocate_like(device_of: Tensor, count: int) -> Tensor:
  return torch.empty([count], dtype=0, device=device_of.device)

def copy_into(target: Tensor, offset: int, source: Tensor) -> Tensor:
  # Slices of a mapped file arrive one by one, as a Java buffer holds 2 GiB at most.
  part = torch.narrow(target, 0, offset, torch.size(source, 0))
  return torch.copy_(part, source)

def reinterpret(bytes: Tensor, dtype: int, shape: List[int]) -> Tensor:
  return torch.reshape(torch.view_copy(bytes, dtype=dtype), shape)

def bytes(x: Tensor) -> Tensor:
  return torch.view_copy(torch.reshape(torch.contiguous(x), [-1]), dtype=0)

def to_dtype(x: Tensor, dtype: int) -> Tensor:
  return torch.contiguous(x.to(dtype))
