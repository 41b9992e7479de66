package org.alphaquant.security;

import java.net.InetAddress;
import org.springframework.beans.factory.SmartInitializingSingleton;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication;
import org.springframework.boot.web.server.autoconfigure.ServerProperties;
import org.springframework.stereotype.Component;

/** Does not let the service start where strangers could reach it and no key would stop them. */
@Component
@ConditionalOnWebApplication
class AnonymousAccessCheck implements SmartInitializingSingleton {

  private final ServerProperties server;
  private final SecuritySettings settings;
  private final ApiKeys keys;

  AnonymousAccessCheck(ServerProperties server, SecuritySettings settings, ApiKeys keys) {
    this.server = server;
    this.settings = settings;
    this.keys = keys;
  }

  @Override
  public void afterSingletonsInstantiated() {
    InetAddress address = server.getAddress();
    boolean reachable = address == null || !address.isLoopbackAddress();
    if (reachable && !settings.allowAnonymous() && !keys.exist()) {
      throw new AnonymousAccessException(address == null ? "all addresses" : address.toString());
    }
  }
}
