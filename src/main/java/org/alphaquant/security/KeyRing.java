package org.alphaquant.security;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.springframework.stereotype.Component;

/** Creates, lists and revokes keys. Changes take effect in this process at once. */
@Component
public class KeyRing {

  private final ApiKeys keys;
  private final Gate gate;
  private final KeyWatch watch;

  KeyRing(ApiKeys keys, Gate gate, KeyWatch watch) {
    this.watch = watch;
    this.keys = keys;
    this.gate = gate;
  }

  /**
   * A new key; its secret is not stored and cannot be shown again.
   *
   * @param text what a client sends as {@code Authorization: Bearer <text>}
   */
  public record NewKey(String text, ApiKey key) {}

  /**
   * Creates a key. The first one ends anonymous access.
   *
   * @param name what it is for, or null
   * @param expiresAt null for never
   */
  public NewKey create(String owner, Set<Scope> scopes, String name, Instant expiresAt) {
    KeyText text = KeyText.random();
    ApiKey key = keys.insert(text, owner, scopes, name, expiresAt);
    gate.keyCreated();
    watch.wake();
    return new NewKey(text.reveal(), key);
  }

  /** Whether a text has the form of a key. */
  public static boolean isKey(String text) {
    return KeyText.parse(text).isPresent();
  }

  /**
   * Adds a key that was generated elsewhere, for deployments that manage their own secrets.
   *
   * @return false if it exists already; a revoked key stays revoked
   * @throws IllegalArgumentException if the text does not have the form of a key, or another key
   *     has its id
   */
  public boolean admit(String text, String owner, Set<Scope> scopes, String name) {
    KeyText key =
        KeyText.parse(text).orElseThrow(() -> new IllegalArgumentException("not a key's form"));
    boolean made = keys.admit(key, owner, scopes, name);
    gate.keyCreated();
    return made;
  }

  /** All keys, revoked ones too, newest first. */
  public List<ApiKey> list() {
    return keys.list();
  }

  /** Revokes a key; empty if there is none with this id. */
  public Optional<ApiKey> revoke(String id) {
    Optional<ApiKey> revoked = keys.revoke(id);
    gate.keyRevoked();
    watch.wake();
    return revoked;
  }
}
