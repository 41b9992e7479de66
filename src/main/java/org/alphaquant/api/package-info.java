/**
 * The HTTP API under {@code /v1}: controllers, what they read and answer, and problems (RFC 9457)
 * for everything that goes wrong. {@code openapi.yaml} is the contract.
 */
package org.alphaquant.api;
