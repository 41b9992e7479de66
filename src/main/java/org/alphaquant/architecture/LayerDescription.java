package org.alphaquant.architecture;

import java.util.Optional;

/**
 * Structure of one layer.
 *
 * @param attention {@code grouped-query} or {@code latent}
 * @param slidingWindow keys that a query sees at most, 0 for all
 * @param routing empty for a dense layer
 * @param sharedExpertWidth width of the shared expert, 0 without one
 * @param fusedExperts how the family's published files fuse the layer's experts; empty where they
 *     hold them one by one
 */
public record LayerDescription(
    int index,
    String attention,
    long slidingWindow,
    Optional<RoutingDescription> routing,
    long sharedExpertWidth,
    boolean sharedExpertGated,
    Optional<FusedExperts> fusedExperts) {}
