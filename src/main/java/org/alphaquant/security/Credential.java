package org.alphaquant.security;

import java.time.Instant;

/**
 * The credential of a request.
 *
 * @param keyId id of the API key; null for a token and for anonymous access
 * @param expiresAt when a token expires; null for a key and for anonymous access
 */
record Credential(String keyId, Instant expiresAt) {

  /** On a service without keys. */
  static final Credential NONE = new Credential(null, null);

  static Credential key(String id) {
    return new Credential(id, null);
  }

  static Credential token(Instant expiresAt) {
    return new Credential(null, expiresAt);
  }

  boolean isKey() {
    return keyId != null;
  }

  boolean isToken() {
    return expiresAt != null;
  }
}
