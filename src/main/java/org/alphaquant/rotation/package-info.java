/**
 * Randomised Hadamard rotations of the residual stream and of attention's values, fused into the
 * weights before they are quantized (QuaRot, arXiv 2404.00456, section 4.1; SpinQuant, arXiv
 * 2405.16406, section 3.1): the function stays, outliers are spread over all dimensions, and the
 * result is a checkpoint of the same family.
 */
package org.alphaquant.rotation;
