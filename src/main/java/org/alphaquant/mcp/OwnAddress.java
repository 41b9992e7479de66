package org.alphaquant.mcp;

import java.net.InetAddress;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.web.server.context.WebServerInitializedEvent;
import org.springframework.context.event.EventListener;

/** The address of this process's REST API. */
class OwnAddress {
  private InetAddress address;
  private volatile int port;

  @Value("${server.address:#{null}}")
  void address(InetAddress bound) {
    this.address = bound;
  }

  @EventListener
  void started(WebServerInitializedEvent event) {
    // The management port has a context, and a name, of its own.
    if (event.getApplicationContext().getServerNamespace() == null) {
      port = event.getWebServer().getPort();
    }
  }

  String url() {
    boolean local = address == null || address.isLoopbackAddress() || address.isAnyLocalAddress();
    return "http://%s:%d".formatted(local ? "localhost" : address.getHostAddress(), port);
  }
}
