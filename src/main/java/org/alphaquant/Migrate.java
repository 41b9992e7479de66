package org.alphaquant;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.concurrent.Callable;
import org.alphaquant.security.KeyRing;
import org.alphaquant.security.Scope;
import org.flywaydb.core.Flyway;
import org.springframework.context.ConfigurableApplicationContext;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Unmatched;

/** Brings the database's schema up to date, as a step of its own before a new release starts. */
@Command(
    name = "migrate",
    description = {
      "Bring the schema of the service's database up to date, and say its version.",
      "Properties of the service, as --spring.datasource.url=..., say which database.",
      "Services with alphaquant.database.migrate=false wait for this."
    },
    mixinStandardHelpOptions = true)
final class Migrate implements Callable<Integer> {
  private static final String OWNER = "admin";

  private final PrintStream out;

  @Spec private CommandSpec spec;

  @Option(
      names = "--admin-key-file",
      paramLabel = "FILE",
      description = {
        "Also let in the API key in this file, with all scopes, for the owner \"admin\":",
        "qk_<8 small letters or digits>_<43 of A-Z a-z 0-9 _ ->."
      })
  private Path adminKeyFile;

  @Unmatched private List<String> properties = new ArrayList<>();

  Migrate(PrintStream out) {
    this.out = out;
  }

  @Override
  public Integer call() {
    List<String> faults = ServiceArguments.faults(properties);
    if (!faults.isEmpty()) {
      throw wrong(String.join("; ", faults));
    }
    String key = adminKeyFile == null ? null : read(adminKeyFile);
    try (ConfigurableApplicationContext context =
        OfflineService.start(properties, "--alphaquant.database.migrate=true")) {
      String version = context.getBean(Flyway.class).info().current().getVersion().getVersion();
      out.println("The schema is at version " + version);
      if (key != null) {
        admit(context.getBean(KeyRing.class), key);
      }
    }
    return 0;
  }

  private String read(Path file) {
    try {
      String key = Files.readString(file).strip();
      if (!KeyRing.isKey(key)) {
        throw wrong(
            "--admin-key-file %s holds no key of the form that --help shows".formatted(file));
      }
      return key;
    } catch (IOException e) {
      throw wrong("--admin-key-file %s cannot be read (%s)".formatted(file, e));
    }
  }

  private void admit(KeyRing keys, String text) {
    boolean made = keys.admit(text, OWNER, EnumSet.allOf(Scope.class), "setup");
    out.println(made ? "The administrator's key is let in" : "The administrator's key is known");
  }

  private ParameterException wrong(String message) {
    return new ParameterException(spec.commandLine(), message);
  }
}
