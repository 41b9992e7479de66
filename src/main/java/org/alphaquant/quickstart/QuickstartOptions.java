package org.alphaquant.quickstart;

import java.nio.file.Path;
import java.util.List;
import org.alphaquant.client.ClientException;

/**
 * What the quickstart starts and runs.
 *
 * @param port port of the service
 * @param managementPort port of its probes and metrics
 * @param dataDir folder of everything that the service keeps
 * @param job file with the body of the job
 * @param exit whether to stop everything once the job has ended
 * @param properties further properties of the service; they win over the quickstart's own
 */
record QuickstartOptions(
    int port, int managementPort, Path dataDir, Path job, boolean exit, List<String> properties) {
  private static final int HIGHEST = 65_535;

  QuickstartOptions {
    check("--port", port);
    check("--management-port", managementPort);
    if (port == managementPort) {
      throw new ClientException("--port and --management-port are both " + port);
    }
    dataDir = dataDir.toAbsolutePath().normalize();
    job = job.toAbsolutePath().normalize();
    properties = List.copyOf(properties);
  }

  private static void check(String name, int port) {
    if (port < 1 || port > HIGHEST) {
      throw new ClientException("%s is %d but must be from 1 to %d".formatted(name, port, HIGHEST));
    }
  }

  String url() {
    return "http://localhost:" + port;
  }

  /** Named by the port, so that a second service with the same folder leaves the first's alone. */
  Path log() {
    return dataDir.resolve("logs").resolve("server-" + port + ".log");
  }
}
