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

  /** What to do next while the service runs. */
  String whileRunning() {
    return """

        The service keeps running until you press Ctrl-C. In a browser: %s
        From another terminal: ALPHAQUANT_URL=%s ./alphaquant list
        With curl: docs/api.md"""
        .formatted(url(), url());
  }

  /**
   * What to do next once everything is stopped.
   *
   * @param artifacts where the result lies
   */
  String afterExit(String artifacts) {
    return """

        The result stays in %s
        and docs/serving.md says how to serve it. Without --exit the same command keeps the service
        running, with its dashboard at %s"""
        .formatted(artifacts, url());
  }

  /** Named by the port, so that a second service with the same folder leaves the first's alone. */
  Path log() {
    return dataDir.resolve("logs").resolve("server-" + port + ".log");
  }
}
