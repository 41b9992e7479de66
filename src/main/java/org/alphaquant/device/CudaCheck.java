package org.alphaquant.device;

/** Whether the installed PyTorch can use GPUs. The answer takes loading it. */
@FunctionalInterface
public interface CudaCheck {
  boolean usable();
}
