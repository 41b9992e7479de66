package org.alphaquant.security;

/** Without a key, anybody who can reach the service could use it. */
final class AnonymousAccessException extends RuntimeException {

  AnonymousAccessException(String address) {
    super("The service would listen on " + address + " although no API key exists.");
  }
}
