package org.alphaquant.security;

import java.net.InetAddress;
import org.springframework.beans.factory.SmartInitializingSingleton;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication;
import org.springframework.boot.web.server.autoconfigure.ServerProperties;
import org.springframework.stereotype.Component;

/** Refuses to start on a public address without a key. */
@Component
@ConditionalOnWebApplication
class AnonymousAccessCheck implements SmartInitializingSingleton {

  private final ServerProperties server;
  private final SecuritySettings settings;
  private final ApiKeys keys;
  private final Tokens tokens;

  AnonymousAccessCheck(
      ServerProperties server, SecuritySettings settings, ApiKeys keys, Tokens tokens) {
    this.tokens = tokens;
    this.server = server;
    this.settings = settings;
    this.keys = keys;
  }

  @Override
  public void afterSingletonsInstantiated() {
    InetAddress address = server.getAddress();
    boolean reachable = address == null || !address.isLoopbackAddress();
    boolean guarded = tokens.areAccepted() || keys.exist();
    if (reachable && !settings.allowAnonymous() && !guarded) {
      throw new AnonymousAccessException(address == null ? "all addresses" : address.toString());
    }
  }
}
