package org.alphaquant.quickstart;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The program behind {@code ./quickstart}. */
public final class Quickstart {
  private final QuickstartOptions options;
  private final Terminal terminal;
  private final ServiceProcess service;

  private Quickstart(QuickstartOptions options, Terminal terminal, ServiceProcess service) {
    this.options = options;
    this.terminal = terminal;
    this.service = service;
  }

  /**
   * Runs the job and ends this process: with 0 if the job succeeded, with 1 if it did not or could
   * not be run.
   *
   * @param arguments as the {@code quickstart} script gives them
   */
  public static void run(List<String> arguments) {
    Terminal terminal = new Terminal(System.out, System.err, 0);
    boolean succeeded = false;
    try {
      QuickstartOptions options = QuickstartOptions.parse(arguments);
      terminal = new Terminal(System.out, System.err, options.width());
      succeeded = start(options, terminal).job();
    } catch (QuickstartException e) {
      terminal.fail(e.getMessage());
    } catch (IOException e) {
      terminal.fail("the service cannot be reached: " + e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    System.exit(succeeded ? 0 : 1);
  }

  private static Quickstart start(QuickstartOptions options, Terminal terminal) {
    Path jar = Path.of(System.getProperty("java.class.path")).toAbsolutePath();
    ServiceProcess service = ServiceProcess.start(options, jar);
    // Runs after Ctrl-C too, when the terminal has told the service as well.
    Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(service, terminal)));
    return new Quickstart(options, terminal, service);
  }

  private static void stop(ServiceProcess service, Terminal terminal) {
    if (terminal.hasFailed() && !service.isAlive()) {
      return;
    }
    terminal.leave("Stopping the service and its database");
    service.stop();
    terminal.close("Everything is stopped.");
  }

  private boolean job() throws IOException, InterruptedException {
    String body = read(options.job());
    ServiceClient client = new ServiceClient(options.url());
    new ServiceStart(client, service, terminal).await(options.url());
    boolean succeeded = new FollowedJob(client, service, terminal, options).run(body);
    if (!options.exit()) {
      terminal.print(
          "\nThe service keeps running at %s until you press Ctrl-C.".formatted(options.url()));
      service.await();
      service.check();
    }
    return succeeded;
  }

  private static String read(Path job) {
    try {
      return Files.readString(job);
    } catch (IOException e) {
      throw new QuickstartException("job file %s cannot be read (%s)".formatted(job, e), e);
    }
  }
}
