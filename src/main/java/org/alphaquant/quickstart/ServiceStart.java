package org.alphaquant.quickstart;

import java.time.Duration;
import org.alphaquant.client.ClientException;
import org.alphaquant.client.ServiceClient;
import org.alphaquant.client.Terminal;

/** Waits until the service takes requests. */
final class ServiceStart {
  private static final Duration LONGEST = Duration.ofMinutes(3);
  private static final Duration BETWEEN = Duration.ofMillis(200);

  private static final String STARTING = "Starting the service and its database ...";

  private final ServiceClient client;
  private final ServiceProcess service;
  private final Terminal terminal;

  ServiceStart(ServiceClient client, ServiceProcess service, Terminal terminal) {
    this.client = client;
    this.service = service;
    this.terminal = terminal;
  }

  /**
   * @throws ClientException if the service ends, or does not come up in time
   */
  void await(QuickstartOptions options) throws InterruptedException {
    long start = System.nanoTime();
    while (!client.isUp()) {
      service.check();
      Duration waited = Duration.ofNanos(System.nanoTime() - start);
      if (waited.compareTo(LONGEST) > 0) {
        throw service.failure(
            "the service does not answer at %s after %d s"
                .formatted(options.url(), waited.toSeconds()));
      }
      terminal.redraw(STARTING, STARTING + waiting(waited));
      Thread.sleep(BETWEEN.toMillis());
    }
    // Another program may have answered at this port while the service gave up.
    service.check();
    terminal.print(
        "The service runs at %s, probes and metrics at port %d"
            .formatted(options.url(), options.managementPort()));
  }

  private String waiting(Duration waited) {
    return terminal.isLive() ? " %d s".formatted(waited.toSeconds()) : "";
  }
}
