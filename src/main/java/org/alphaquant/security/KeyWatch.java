package org.alphaquant.security;

import jakarta.annotation.PreDestroy;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.alphaquant.background.Rounds;
import org.springframework.security.core.context.SecurityContextHolder;
import org.springframework.stereotype.Component;

/**
 * Ends long responses (event streams and downloads) when their credential is no longer valid: the
 * key was revoked or has expired, the token has expired, or the first key has ended anonymous
 * access.
 */
@Component
public class KeyWatch {
  private static final Duration EVERY = Duration.ofSeconds(2);

  private final ApiKeys keys;
  private final Gate gate;
  private final Set<Watched> open = ConcurrentHashMap.newKeySet();
  private final Rounds rounds = new Rounds("key-watch", EVERY, this::check);

  /** A response in progress, compared by identity. */
  private static final class Watched {
    private final Credential credential;
    private final Runnable end;

    Watched(Credential credential, Runnable end) {
      this.credential = credential;
      this.end = end;
    }
  }

  KeyWatch(ApiKeys keys, Gate gate) {
    this.keys = keys;
    this.gate = gate;
    rounds.start();
  }

  /**
   * Watches the response to the current request.
   *
   * @param end ends the response; called at most once and must not block
   * @return must be run when the response has ended
   */
  public Runnable watch(Runnable end) {
    Watched watched = new Watched(credential(), end);
    open.add(watched);
    return () -> open.remove(watched);
  }

  /** Number of responses that are being watched. */
  public int size() {
    return open.size();
  }

  private static Credential credential() {
    if (SecurityContextHolder.getContext().getAuthentication()
        instanceof KeyAuthentication authentication) {
      return authentication.credential();
    }
    throw new IllegalStateException("there is no caller");
  }

  /** Checks now, because this process has created or revoked a key. */
  void wake() {
    rounds.wake();
  }

  private Duration check() {
    List<String> ids =
        open.stream()
            .map(it -> it.credential)
            .filter(Credential::isKey)
            .map(Credential::keyId)
            .distinct()
            .toList();
    Set<String> valid = ids.isEmpty() ? Set.of() : keys.valid(ids);
    open.stream()
        .filter(it -> !isValid(it.credential, valid))
        .collect(Collectors.toSet())
        .forEach(this::end);
    return EVERY;
  }

  private boolean isValid(Credential credential, Set<String> valid) {
    if (credential.isKey()) {
      return valid.contains(credential.keyId());
    }
    return credential.isToken() ? credential.expiresAt().isAfter(Instant.now()) : gate.isOpen();
  }

  private void end(Watched watched) {
    if (open.remove(watched)) {
      watched.end.run();
    }
  }

  @PreDestroy
  void stop() {
    rounds.stop();
  }
}
