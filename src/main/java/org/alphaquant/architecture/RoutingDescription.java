package org.alphaquant.architecture;

/**
 * How a family routes.
 *
 * @param experts routed experts of a layer
 * @param topK experts per token
 * @param score how scores are computed from the router's logits: {@code softmax}, {@code sigmoid}
 *     or {@code sparsemixer}
 * @param renormalised whether the chosen scores are divided by their sum
 * @param scale constant factor on the weights
 * @param groups groups the experts are split into, 1 without group limit
 * @param keptGroups groups that a token may choose from
 * @param correctionBias whether a stored bias takes part in choosing
 */
public record RoutingDescription(
    int experts,
    int topK,
    String score,
    boolean renormalised,
    double scale,
    int groups,
    int keptGroups,
    boolean correctionBias) {}
