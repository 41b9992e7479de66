package org.alphaquant.model.block;

import ai.djl.ndarray.NDArray;

/**
 * Where T tokens go.
 *
 * @param experts int64 [T, k], distinct within a row
 * @param weights fp32 [T, k], exactly what each expert's output is multiplied with
 */
public record Routing(NDArray experts, NDArray weights) {}
