package org.alphaquant.checkpoint;

import java.util.Optional;

/**
 * A linear whose weight a checkpoint stores quantized: its scheme, its shape and the names of the
 * tensors that hold it. All of them exist and have the dtypes and shapes that the scheme demands.
 *
 * @param name module name, without {@code .weight}
 * @param outFeatures rows of the weight, N
 * @param inFeatures columns of the weight, K
 * @param codes {@code weight_packed} or {@code weight}
 * @param scale {@code weight_scale}: {@code [N, groups]}, or one number for a whole tensor
 * @param zeroPoint {@code weight_zero_point}: packed along the rows, {@code [ceil(N bits/32),
 *     groups]}, or for unpacked codes shaped as the scale; present if not symmetric
 * @param groupIndex {@code weight_g_idx}: {@code [K]}
 * @param globalScale {@code weight_global_scale}: the number that divides NVFP4's scales
 */
public record QuantizedModule(
    String name,
    WeightScheme scheme,
    long outFeatures,
    long inFeatures,
    String codes,
    String scale,
    Optional<String> zeroPoint,
    Optional<String> groupIndex,
    Optional<String> globalScale) {}
