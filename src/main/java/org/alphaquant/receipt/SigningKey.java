package org.alphaquant.receipt;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.spec.PKCS8EncodedKeySpec;

/** An Ed25519 key pair that receipts are signed with. */
public final class SigningKey {
  private static final String TYPE = "PRIVATE KEY";
  private static final String ALGORITHM = "Ed25519";
  private static final byte[] TRIAL = {1};

  private final PrivateKey key;
  private final VerifyingKey verifying;

  private SigningKey(PrivateKey key, VerifyingKey verifying) {
    this.key = key;
    this.verifying = verifying;
  }

  /**
   * Reads a private key (PKCS#8, RFC 5958) and its public one from FILE and FILE.pub, both PEM.
   *
   * @throws ReceiptException if one cannot be read, or they are no pair
   */
  public static SigningKey read(Path file) {
    byte[] encoded = Pem.read(file, TYPE);
    try {
      PrivateKey key =
          KeyFactory.getInstance(ALGORITHM).generatePrivate(new PKCS8EncodedKeySpec(encoded));
      SigningKey pair = new SigningKey(key, VerifyingKey.read(publicFile(file)));
      if (!pair.verifying.verifies(TRIAL, pair.sign(TRIAL))) {
        throw new ReceiptException(publicFile(file) + " is not the public key of " + file);
      }
      return pair;
    } catch (GeneralSecurityException e) {
      throw new ReceiptException(file + " holds no Ed25519 private key", e);
    }
  }

  /**
   * Makes a new pair and writes it to FILE, which only its owner can read, and FILE.pub.
   *
   * @throws ReceiptException if one of the two exists or cannot be written
   */
  public static SigningKey create(Path file) {
    try {
      KeyPair pair = KeyPairGenerator.getInstance(ALGORITHM).generateKeyPair();
      VerifyingKey verifying = VerifyingKey.of(pair.getPublic());
      if (Files.exists(publicFile(file))) {
        throw new ReceiptException(publicFile(file) + " exists already");
      }
      createPrivate(file);
      Files.writeString(file, Pem.text(TYPE, pair.getPrivate().getEncoded()));
      Files.writeString(publicFile(file), verifying.pem(), StandardOpenOption.CREATE_NEW);
      return new SigningKey(pair.getPrivate(), verifying);
    } catch (IOException e) {
      throw new ReceiptException(file + " cannot be written: " + e, e);
    } catch (GeneralSecurityException everyJavaHasIt) {
      throw new IllegalStateException(everyJavaHasIt);
    }
  }

  private static void createPrivate(Path file) throws IOException {
    if (file.getFileSystem().supportedFileAttributeViews().contains("posix")) {
      Files.createFile(
          file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    } else {
      Files.createFile(file);
    }
  }

  private static Path publicFile(Path file) {
    return file.resolveSibling(file.getFileName() + ".pub");
  }

  public VerifyingKey verifying() {
    return verifying;
  }

  byte[] sign(byte[] message) {
    try {
      Signature signature = Signature.getInstance(ALGORITHM);
      signature.initSign(key);
      signature.update(message);
      return signature.sign();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }
}
