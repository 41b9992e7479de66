package org.alphaquant.gptq;

import ai.djl.ndarray.NDArray;
import org.alphaquant.cuda.KernelArguments;
import org.alphaquant.torch.TensorScope;

/**
 * What quantizes the weights of some outputs.
 *
 * @param scale by output, [B, G, R]
 * @param zero zero points, [B, G, R]
 * @param groups the group of each input, int32 [B, K]
 */
record Scales(NDArray scale, NDArray zero, NDArray groups) {

  /** G. */
  int perOutput() {
    return Math.toIntExact(scale.getShape().get(1));
  }

  Addresses at(TensorScope scope) {
    return new Addresses(scope.address(scale), scope.address(zero), scope.address(groups));
  }

  /** Where they lie, in the order of the kernels' parameters. */
  record Addresses(long scale, long zero, long groups) {

    KernelArguments into(KernelArguments arguments) {
      return arguments.add(scale).add(zero).add(groups);
    }
  }
}
