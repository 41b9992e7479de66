package org.alphaquant;

import java.net.InetAddress;
import java.util.List;
import java.util.Locale;
import org.alphaquant.device.ComputeDevice;
import org.alphaquant.server.ServerSettings;
import org.alphaquant.worker.Worker;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.context.event.ApplicationReadyEvent;
import org.springframework.boot.web.server.context.WebServerApplicationContext;
import org.springframework.context.event.EventListener;
import org.springframework.stereotype.Component;

/** Says in one line what has started, where it answers, what it runs on and where it writes. */
@Component
class StartLine {
  private static final Logger log = LoggerFactory.getLogger(AlphaQuantServer.class);

  private final ServerSettings settings;
  private final ObjectProvider<Worker> worker;
  private final InetAddress address;

  StartLine(
      ServerSettings settings,
      ObjectProvider<Worker> worker,
      @Value("${server.address:#{null}}") InetAddress address) {
    this.settings = settings;
    this.worker = worker;
    this.address = address;
  }

  @EventListener
  void ready(ApplicationReadyEvent event) {
    if (event.getApplicationContext() instanceof WebServerApplicationContext context
        && context.getWebServer() != null) {
      log.info(
          "Ready at http://{}:{}, probes and metrics at port {}, role {}, devices {}, data directory {}",
          host(),
          context.getWebServer().getPort(),
          event.getApplicationContext().getEnvironment().getProperty("local.management.port"),
          settings.role().name().toLowerCase(Locale.ROOT),
          devices(),
          settings.dataDir());
    }
  }

  private String host() {
    boolean local = address == null || address.isLoopbackAddress() || address.isAnyLocalAddress();
    return local ? "localhost" : address.getHostAddress();
  }

  private String devices() {
    Worker here = worker.getIfAvailable();
    List<ComputeDevice> slots = here == null ? List.of() : here.slots();
    return slots.isEmpty()
        ? "none"
        : String.join(", ", slots.stream().map(StartLine::describe).toList());
  }

  private static String describe(ComputeDevice device) {
    return "%s (%d GiB)".formatted(device.name(), device.memoryBytes() >> 30);
  }
}
