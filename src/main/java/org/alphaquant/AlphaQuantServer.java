package org.alphaquant;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.alphaquant.quickstart.Quickstart;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.context.properties.ConfigurationPropertiesScan;

/** The service: REST API, job queue and quantization workers in one program. */
@SpringBootApplication
@ConfigurationPropertiesScan
public class AlphaQuantServer {

  private static final String ENDS_WITH = "alphaquant.ends-with";
  private static final int STATUS_OF_TERMINATION = 143;

  /**
   * Runs the service, or with {@code quickstart} as the first argument the command that starts one
   * and shows it at work.
   */
  public static void main(String[] arguments) {
    List<String> all = Arrays.asList(arguments);
    if (!all.isEmpty() && all.get(0).equals("quickstart")) {
      Quickstart.run(all.subList(1, all.size()));
      return;
    }
    if (!all.isEmpty() && all.get(0).equals(CreateKey.NAME)) {
      System.exit(CreateKey.run(arguments, System.out, System.err));
    }
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
