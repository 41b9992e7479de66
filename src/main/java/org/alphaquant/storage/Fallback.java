package org.alphaquant.storage;

import org.alphaquant.format.TensorScheme;

/**
 * The scheme that a format takes in place of the one asked for.
 *
 * @param reason why, as a clause
 */
public record Fallback(TensorScheme scheme, String reason) {}
