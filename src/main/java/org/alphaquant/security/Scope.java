package org.alphaquant.security;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.Locale;

/** What a key allows. No scope includes another. */
public enum Scope {
  /** Read the owner's jobs and their results. */
  @JsonProperty("read")
  READ,
  /** Create, cancel, retry and delete the owner's jobs. */
  @JsonProperty("write")
  WRITE,
  /** Manage keys and the jobs of all owners. */
  @JsonProperty("admin")
  ADMIN;

  /** The name in JSON and on the command line. */
  String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * The scope with this name.
   *
   * @throws IllegalArgumentException if there is no such scope
   */
  public static Scope of(String word) {
    for (Scope scope : values()) {
      if (scope.word().equals(word)) {
        return scope;
      }
    }
    throw new IllegalArgumentException(
        "'" + word + "' is not a scope; the scopes are read, write and admin");
  }

  @Override
  public String toString() {
    return word();
  }
}
