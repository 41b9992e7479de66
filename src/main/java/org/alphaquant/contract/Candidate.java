package org.alphaquant.contract;

import tools.jackson.databind.JsonNode;

/**
 * A configuration that may hold the contract.
 *
 * @param bytes of the result's tensors
 * @param bitsPerWeight of the quantized linears, scales counted in
 */
public record Candidate(JsonNode config, long bytes, double bitsPerWeight) {}
