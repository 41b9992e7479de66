package org.alphaquant.security;

/** The service would serve everybody who can reach it. */
final class AnonymousAccessException extends RuntimeException {

  AnonymousAccessException(String address) {
    super("The service would listen on " + address + " although no API key was made.");
  }
}
