package org.alphaquant.security;

/** The service would be open to everybody who can reach it. */
final class AnonymousAccessException extends RuntimeException {

  AnonymousAccessException(String address) {
    super("The service would listen on " + address + " although no API key was made.");
  }
}
