package org.alphaquant.security;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The full text of a key, {@code qk_<id>_<secret>}. Never stored or logged. */
final class KeyText {

  /** The prefix of every key; no token has it. */
  static final String PREFIX = "qk_";

  private static final Pattern FORM = Pattern.compile(PREFIX + "([a-z0-9]{8})_([A-Za-z0-9_-]{43})");
  private static final String ID_SIGNS = "abcdefghijkmnpqrstuvwxyz23456789";
  private static final int ID_LENGTH = 8;
  private static final int SECRET_BYTES = 32;
  private static final SecureRandom RANDOM = new SecureRandom();

  private final String id;
  private final String secret;

  private KeyText(String id, String secret) {
    this.id = id;
    this.secret = secret;
  }

  static KeyText random() {
    byte[] secret = new byte[SECRET_BYTES];
    RANDOM.nextBytes(secret);
    StringBuilder id = new StringBuilder();
    RANDOM.ints(ID_LENGTH, 0, ID_SIGNS.length()).forEach(sign -> id.append(ID_SIGNS.charAt(sign)));
    return new KeyText(
        id.toString(), Base64.getUrlEncoder().withoutPadding().encodeToString(secret));
  }

  static Optional<KeyText> parse(String text) {
    Matcher form = FORM.matcher(text);
    return form.matches()
        ? Optional.of(new KeyText(form.group(1), form.group(2)))
        : Optional.empty();
  }

  String id() {
    return id;
  }

  /** The whole key, to be shown once. */
  String reveal() {
    return PREFIX + id + "_" + secret;
  }

  byte[] secretSha256() {
    try {
      return MessageDigest.getInstance("SHA-256")
          .digest(secret.getBytes(StandardCharsets.US_ASCII));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  /** Compares in constant time, so that the time reveals nothing about the secret. */
  boolean matches(byte[] sha256) {
    return MessageDigest.isEqual(secretSha256(), sha256);
  }

  @Override
  public String toString() {
    return PREFIX + id + "_***";
  }
}
