/**
 * Receipts: signed statements of a job's result, sources and settings, which can be verified
 * without the service. A receipt is an in-toto statement (in-toto attestation framework, Statement
 * v1) with the provenance of SLSA v1 in an envelope of DSSE v1, signed with Ed25519 (RFC 8032),
 * whose signatures are the same for the same statement.
 */
package org.alphaquant.receipt;
