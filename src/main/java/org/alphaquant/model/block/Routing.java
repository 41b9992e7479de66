package org.alphaquant.model.block;

import ai.djl.ndarray.NDArray;

/**
 * The experts chosen for T tokens.
 *
 * @param experts int64 [T, k], distinct within a row
 * @param weights fp32 [T, k], exactly what each expert's output is multiplied with
 */
public record Routing(NDArray experts, NDArray weights) {}
