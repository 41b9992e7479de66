package org.alphaquant.security;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.Locale;

/** What a key allows. None includes another. */
public enum Scope {
  /** Reading one's own jobs and their results. */
  @JsonProperty("read")
  READ,
  /** Posting, cancelling, retrying and deleting one's own jobs. */
  @JsonProperty("write")
  WRITE,
  /** The jobs of all owners, and the keys. */
  @JsonProperty("admin")
  ADMIN;

  /** As it is spelled everywhere outside of Java. */
  String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * The scope of a word.
   *
   * @throws IllegalArgumentException if there is no such scope
   */
  public static Scope of(String word) {
    for (Scope scope : values()) {
      if (scope.word().equals(word)) {
        return scope;
      }
    }
    throw new IllegalArgumentException("'" + word + "' is no scope; scopes are read, write, admin");
  }

  @Override
  public String toString() {
    return word();
  }
}
