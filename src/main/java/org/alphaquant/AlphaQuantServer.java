package org.alphaquant;

import java.util.List;
import java.util.Optional;
import org.alphaquant.runner.child.RunnerMain;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.context.properties.ConfigurationPropertiesScan;

/** The service: REST API, job queue and quantization workers in one program. */
@SpringBootApplication
@ConfigurationPropertiesScan
public class AlphaQuantServer {

  private static final String ENDS_WITH = "alphaquant.ends-with";
  private static final int STATUS_OF_TERMINATION = 143;

  /** Runs the service, or the command that the first argument names ({@code --help} lists them). */
  public static void main(String[] arguments) {
    List<String> all = List.of(arguments);
    if (RunnerMain.isRunner(all)) {
      RunnerMain.main(arguments);
    }
    if (Program.isCommand(all)) {
      System.exit(new Program(System.out, System.err).run(all));
    }
    List<String> faults = ServiceArguments.faults(all);
    if (!faults.isEmpty()) {
      faults.forEach(System.err::println);
      System.err.println("java -jar alphaquant-server.jar --help shows how it is used.");
      System.exit(Program.USAGE);
    }
    serve(arguments);
  }

  private static void serve(String[] arguments) {
    endWithNamedProcess();
    SpringApplication.run(AlphaQuantServer.class, arguments);
  }

  /** A service started by another program must not outlive it, however that one ended. */
  private static void endWithNamedProcess() {
    Optional.ofNullable(System.getProperty(ENDS_WITH))
        .map(Long::valueOf)
        .flatMap(ProcessHandle::of)
        .ifPresent(process -> process.onExit().thenRun(() -> System.exit(STATUS_OF_TERMINATION)));
  }
}
