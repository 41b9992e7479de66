/**
 * The HTTP API under {@code /v1}. Here is what joins its rooms: problems (RFC 9457) for every
 * exception that leaves a controller. {@code openapi.yaml} is the contract.
 */
package org.alphaquant.api;
