/**
 * MXFP4 as gpt-oss publishes it ({@code quant_method: mxfp4}): each layer's experts in two stacks
 * of blocks and two of scales, everything else plain.
 */
package org.alphaquant.storage.mxfp4;
