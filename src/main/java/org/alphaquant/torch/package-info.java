/**
 * PyTorch for the rest of the program. The numerics are plain PyTorch source under {@code
 * resources/torchscript}; {@link org.alphaquant.torch.Torch} compiles all of it once per device,
 * and a {@link org.alphaquant.torch.TensorScope} runs it and owns what it returns.
 */
package org.alphaquant.torch;
