package org.alphaquant.model.design;

/**
 * Queries that grow with position (Llama 4): times 1 + beta * log(1 + floor((position + shift) /
 * every)).
 */
public record PositionScale(double beta, double every, long shift) {}
