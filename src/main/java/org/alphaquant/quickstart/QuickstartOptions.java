package org.alphaquant.quickstart;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * What the {@code quickstart} script asks for.
 *
 * @param port port of the service
 * @param dataDir folder of everything that the service keeps
 * @param job file with the body of the job
 * @param exit whether to stop everything once the job has ended
 * @param width columns of a terminal whose last line may be redrawn; 0 where there is none
 * @param service further arguments of the service
 */
record QuickstartOptions(
    int port, Path dataDir, Path job, boolean exit, int width, List<String> service) {

  QuickstartOptions {
    if (port < 1 || port > 65_535) {
      throw new QuickstartException("--port is %d but must be from 1 to 65535".formatted(port));
    }
    dataDir = dataDir.toAbsolutePath().normalize();
    job = job.toAbsolutePath().normalize();
    service = List.copyOf(service);
  }

  /** Reads {@code --name=value} arguments; everything after {@code --} is the service's. */
  static QuickstartOptions parse(List<String> arguments) {
    int port = 8080;
    Path dataDir = Path.of("data");
    Path job = Path.of("examples/jobs/olmoe-demo.json");
    boolean exit = false;
    int width = 0;
    List<String> service = new ArrayList<>();
    for (int i = 0; i < arguments.size(); i++) {
      String[] parts = arguments.get(i).split("=", 2);
      String value = parts.length == 2 ? parts[1] : "";
      switch (parts[0]) {
        case "--port" -> port = number("--port", value);
        case "--data-dir" -> dataDir = Path.of(value);
        case "--job" -> job = Path.of(value);
        case "--exit" -> exit = true;
        case "--width" -> width = number("--width", value);
        case "--" -> {
          service.addAll(arguments.subList(i + 1, arguments.size()));
          i = arguments.size();
        }
        default -> throw new QuickstartException("unknown option " + arguments.get(i));
      }
    }
    return new QuickstartOptions(port, dataDir, job, exit, width, service);
  }

  private static int number(String name, String value) {
    try {
      return Integer.parseInt(value);
    } catch (NumberFormatException e) {
      throw new QuickstartException("%s is \"%s\" but must be a number".formatted(name, value));
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
