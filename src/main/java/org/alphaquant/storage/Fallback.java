package org.alphaquant.storage;

import org.alphaquant.format.TensorScheme;

/**
 * The scheme that a format uses instead of the requested one.
 *
 * @param reason why, as a clause
 */
public record Fallback(TensorScheme scheme, String reason) {}
