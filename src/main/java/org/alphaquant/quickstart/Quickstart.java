package org.alphaquant.quickstart;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.alphaquant.client.ClientException;
import org.alphaquant.client.ServiceClient;
import org.alphaquant.client.Terminal;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The command behind {@code ./quickstart}: its exit status is 0 if the job succeeded, else 1. */
@Command(
    name = "quickstart",
    description = "Start a service, run one job on it and show how that goes.",
    mixinStandardHelpOptions = true)
public final class Quickstart implements Callable<Integer> {
  @Option(names = "--port", paramLabel = "N", description = "Port of the service (8080).")
  private int port = 8080;

  @Option(
      names = "--management-port",
      paramLabel = "N",
      description = "Port of probes and metrics (the one after the service's).")
  private Integer managementPort;

  @Option(names = "--data-dir", paramLabel = "DIR", description = "What the service keeps (data).")
  private Path dataDir = Path.of("data");

  @Option(names = "--job", paramLabel = "FILE", description = "Body of the job.")
  private Path job = Path.of("examples/jobs/olmoe-demo-int3.json");

  @Option(names = "--exit", description = "Stop everything once the job has ended.")
  private boolean exit;

  @Option(names = "--width", hidden = true, description = "Columns of a terminal; 0 for none.")
  private int width;

  @Parameters(paramLabel = "PROPERTY", description = "Properties of the service, after --.")
  private List<String> properties = new ArrayList<>();

  @Override
  public Integer call() {
    Terminal terminal = new Terminal("quickstart", System.out, System.err, width);
    try {
      return run(options(), terminal) ? 0 : ClientException.FAILED;
    } catch (ClientException e) {
      terminal.fail(e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return ClientException.FAILED;
  }

  private QuickstartOptions options() {
    int management = managementPort == null ? port + 1 : managementPort;
    return new QuickstartOptions(port, management, dataDir, job, exit, properties);
  }

  private static boolean run(QuickstartOptions options, Terminal terminal)
      throws InterruptedException {
    String body = read(options.job());
    Path jar = Path.of(System.getProperty("java.class.path")).toAbsolutePath();
    ServiceProcess service = ServiceProcess.start(options, jar);
    // Runs after Ctrl-C too, when the terminal has told the service as well.
    Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(service, terminal)));
    ServiceClient client = new ServiceClient(options.url(), Optional.empty());
    new ServiceStart(client, service, terminal).await(options);
    Optional<String> folder = new FollowedJob(client, service, terminal, options).run(body);
    if (options.exit()) {
      folder.map(options::afterExit).ifPresent(terminal::print);
    } else {
      terminal.print(options.whileRunning());
      service.await();
      service.check();
    }
    return folder.isPresent();
  }

  private static void stop(ServiceProcess service, Terminal terminal) {
    if (terminal.hasFailed() && !service.isAlive()) {
      return;
    }
    terminal.leave("Stopping the service and its database");
    service.stop();
    terminal.close("Everything is stopped.");
  }

  private static String read(Path job) {
    try {
      return Files.readString(job);
    } catch (IOException e) {
      throw ClientException.unreadable("job file " + job, e);
    }
  }
}
