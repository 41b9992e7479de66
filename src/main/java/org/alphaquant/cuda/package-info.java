/**
 * Kernels of our own on an NVIDIA GPU: CUDA C from {@code resources/cuda}, compiled by NVRTC and
 * launched through the driver API in the context and on the stream that libtorch uses, so that they
 * work on its arrays in turn with its own kernels. The libraries come with the driver and with a
 * libtorch for CUDA; where one of them is missing there is no device here, and callers have another
 * way.
 */
package org.alphaquant.cuda;
