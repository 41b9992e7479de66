/**
 * End-to-end self-distillation: the codes, scales and norms of a quantized model are trained so
 * that its predictions are those of the original model. The forward and backward pass go layer by
 * layer; each layer's optimiser step follows its backward pass, so that gradients of one layer
 * exist at a time. What does not fit is trained in windows of layers.
 */
package org.alphaquant.distill;
