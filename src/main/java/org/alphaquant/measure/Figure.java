package org.alphaquant.measure;

/**
 * A figure and the 95 % interval of {@link Bootstrap} around it.
 *
 * @param value the figure over everything that was measured
 * @param low 2.5 % of resamples are below
 * @param high 2.5 % of resamples are above
 */
public record Figure(double value, double low, double high) {}
