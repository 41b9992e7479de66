package org.alphaquant.security;

import java.time.Instant;

/**
 * The credential of a request.
 *
 * @param keyId of the API key; null for a token, and where neither was asked for
 * @param expiresAt end of a token; null where the keys' table knows it, or nobody
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
