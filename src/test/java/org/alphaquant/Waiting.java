package org.alphaquant;

import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * How all tests wait for what happens elsewhere: long enough for a slow machine, since a wait ends
 * when the thing has happened, and looking often. JUnit finds it by {@code META-INF/services}.
 */
public final class Waiting implements BeforeAllCallback {
  /** What a test that waits without Awaitility allows as well. */
  public static final Duration LONGEST = Duration.ofMinutes(1);

  private static final Duration EVERY = Duration.ofMillis(20);

  @Override
  public void beforeAll(ExtensionContext context) {
    Awaitility.setDefaultTimeout(LONGEST);
    Awaitility.setDefaultPollInterval(EVERY);
    Awaitility.setDefaultPollDelay(Duration.ZERO);
  }
}
