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
 * Ends answers that go on for long, streams of events and downloads, when what let their requests
 * in counts no more: a key that was revoked or has expired, a token at its end, no key once the
 * first was made.
 */
@Component
public class KeyWatch {
  private static final Duration EVERY = Duration.ofSeconds(2);

  private final ApiKeys keys;
  private final Gate gate;
  private final Set<Watched> open = ConcurrentHashMap.newKeySet();
  private final Rounds rounds = new Rounds("key-watch", EVERY, this::look);

  /** One answer under way; equal to itself alone. */
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
   * Watches the answer to the request of this thread.
   *
   * @param end called once at most, must not wait
   * @return to be run when the answer has ended
   */
  public Runnable watch(Runnable end) {
    Watched watched = new Watched(credential(), end);
    open.add(watched);
    return () -> open.remove(watched);
  }

  /** Answers that are being watched. */
  public int size() {
    return open.size();
  }

  private static Credential credential() {
    if (SecurityContextHolder.getContext().getAuthentication()
        instanceof KeyAuthentication authentication) {
      return authentication.credential();
    }
    throw new IllegalStateException("nobody is calling");
  }

  /** Looks now: a key was made or revoked here. */
  void wake() {
    rounds.wake();
  }

  private Duration look() {
    List<String> ids =
        open.stream()
            .map(it -> it.credential)
            .filter(Credential::isKey)
            .map(Credential::keyId)
            .distinct()
            .toList();
    Set<String> counting = ids.isEmpty() ? Set.of() : keys.counting(ids);
    open.stream()
        .filter(it -> !counts(it.credential, counting))
        .collect(Collectors.toSet())
        .forEach(this::end);
    return EVERY;
  }

  private boolean counts(Credential credential, Set<String> counting) {
    if (credential.isKey()) {
      return counting.contains(credential.keyId());
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
