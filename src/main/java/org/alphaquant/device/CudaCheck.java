package org.alphaquant.device;

/** Whether the installed PyTorch can use GPUs. Asking loads PyTorch. */
@FunctionalInterface
public interface CudaCheck {
  boolean usable();
}
