package org.alphaquant.cache;

/**
 * An expected hash.
 *
 * @param algorithm as {@link java.security.MessageDigest} names it
 * @param prefix hashed before the content
 * @param hex the hash in lower case
 */
public record Digest(String algorithm, String prefix, String hex) {

  /** SHA-256 of the content. */
  public static Digest sha256(String hex) {
    return new Digest("SHA-256", "", hex);
  }

  /** MD5 of the content: detects a broken transfer, not a forged file. */
  public static Digest md5(String hex) {
    return new Digest("MD5", "", hex);
  }

  /** Git's hash of a content of that length. */
  static Digest git(long size, String hex) {
    return new Digest("SHA-1", "blob " + size + "\0", hex);
  }
}
