package org.alphaquant.receipt;

import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.MessageDigest;
import java.security.PublicKey;
import java.security.Signature;
import java.security.spec.X509EncodedKeySpec;
import java.util.HexFormat;

/** An Ed25519 key that receipts are checked with. */
public final class VerifyingKey {
  private static final String TYPE = "PUBLIC KEY";

  private final PublicKey key;

  private VerifyingKey(PublicKey key) {
    this.key = key;
  }

  /**
   * Reads a PEM file of a SubjectPublicKeyInfo (RFC 5280), as {@code openssl pkey -pubout} writes.
   *
   * @throws ReceiptException if it cannot be read or is no Ed25519 key
   */
  public static VerifyingKey read(Path file) {
    byte[] encoded = Pem.read(file, TYPE);
    try {
      return of(KeyFactory.getInstance("Ed25519").generatePublic(new X509EncodedKeySpec(encoded)));
    } catch (GeneralSecurityException e) {
      throw new ReceiptException(file + " holds no Ed25519 public key", e);
    }
  }

  static VerifyingKey of(PublicKey key) {
    return new VerifyingKey(key);
  }

  /** SHA-256 of the key's encoding, 64 lower-case hexadecimal digits. */
  public String id() {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      return HexFormat.of().formatHex(digest.digest(key.getEncoded()));
    } catch (GeneralSecurityException everyJavaHasIt) {
      throw new IllegalStateException(everyJavaHasIt);
    }
  }

  /** The key as a PEM text. */
  public String pem() {
    return Pem.text(TYPE, key.getEncoded());
  }

  boolean verifies(byte[] message, byte[] signature) {
    try {
      Signature check = Signature.getInstance("Ed25519");
      check.initVerify(key);
      check.update(message);
      return check.verify(signature);
    } catch (GeneralSecurityException noSignature) {
      return false;
    }
  }
}
