package org.alphaquant.security;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.HexFormat;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication;
import org.springframework.boot.context.event.ApplicationReadyEvent;
import org.springframework.context.event.EventListener;
import org.springframework.stereotype.Component;

/**
 * The token required to create the first key. Without it, anybody who can reach a service without
 * keys could lock its owner out. It is written to the log at a start without keys, and valid until
 * the process ends or a key is created.
 */
@Component
@ConditionalOnWebApplication
public class SetupToken {
  public static final String HEADER = "X-Setup-Token";

  private static final Logger log = LoggerFactory.getLogger(SetupToken.class);
  private static final int BYTES = 16;

  private final Gate gate;
  private final Tokens tokens;
  private final byte[] token;

  SetupToken(Gate gate, Tokens tokens, SecuritySettings settings) {
    this.gate = gate;
    this.tokens = tokens;
    String given = settings.setupToken();
    this.token =
        (given == null || given.isBlank() ? random() : given).getBytes(StandardCharsets.UTF_8);
  }

  @EventListener
  void ready(ApplicationReadyEvent event) {
    if (isNeeded()) {
      log.info(
          "No API key exists: whoever reaches this service may use it. To require keys, create the"
              + " first with the command create-key, or with POST /v1/keys and the header {}: {}",
          HEADER,
          new String(token, StandardCharsets.UTF_8));
    }
  }

  /** Whether the next key is the first one and the caller has no token of an identity provider. */
  public boolean isNeeded() {
    return !tokens.areAccepted() && gate.isOpen();
  }

  public boolean matches(String given) {
    return given != null && MessageDigest.isEqual(token, given.getBytes(StandardCharsets.UTF_8));
  }

  private static String random() {
    byte[] bytes = new byte[BYTES];
    new SecureRandom().nextBytes(bytes);
    return HexFormat.of().formatHex(bytes);
  }
}
