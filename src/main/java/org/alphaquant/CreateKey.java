package org.alphaquant;

import java.io.PrintStream;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import org.alphaquant.security.KeyRing;
import org.alphaquant.security.Scope;
import org.springframework.context.ConfigurableApplicationContext;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;
import picocli.CommandLine.Unmatched;

/** Makes a key in the service's database and prints it. */
@Command(
    name = "create-key",
    description = {
      "Make an API key in the service's database and print it, once.",
      "Properties of the service, as --spring.datasource.url=..., say which database.",
      "A server that uses the same embedded database must be stopped first."
    },
    mixinStandardHelpOptions = true)
final class CreateKey implements Callable<Integer> {
  private static final int LONGEST_DAYS = 99_999;

  private final PrintStream out;

  @Spec private CommandSpec spec;

  @Option(names = "--owner", required = true, paramLabel = "NAME", description = "Who uses it.")
  private String owner;

  @Option(
      names = "--scopes",
      split = ",",
      paramLabel = "SCOPE",
      converter = Scopes.class,
      description = "read, write, admin; read and write by default.")
  private List<Scope> scopes = List.of(Scope.READ, Scope.WRITE);

  @Option(names = "--name", paramLabel = "TEXT", description = "What it is for.")
  private String name;

  @Option(names = "--days", paramLabel = "N", description = "Days until it expires (never).")
  private Integer days;

  @Unmatched private List<String> properties = new ArrayList<>();

  CreateKey(PrintStream out) {
    this.out = out;
  }

  @Override
  public Integer call() {
    check();
    Set<Scope> granted = EnumSet.copyOf(scopes);
    Instant expiry = days == null ? null : Instant.now().plus(Duration.ofDays(days));
    try (ConfigurableApplicationContext context = OfflineService.start(properties)) {
      out.println(context.getBean(KeyRing.class).create(owner, granted, name, expiry).text());
    }
    return 0;
  }

  private void check() {
    CommandLine line = spec.commandLine();
    if (owner.isBlank()) {
      throw new ParameterException(line, "--owner is empty");
    }
    if (days != null && (days < 1 || days > LONGEST_DAYS)) {
      throw new ParameterException(
          line, "--days is %d but must be from 1 to %d".formatted(days, LONGEST_DAYS));
    }
    List<String> faults = ServiceArguments.faults(properties);
    if (!faults.isEmpty()) {
      throw new ParameterException(line, String.join("; ", faults));
    }
  }

  /** Reads a scope as the API spells it. */
  static final class Scopes implements ITypeConverter<Scope> {
    @Override
    public Scope convert(String text) {
      try {
        return Scope.of(text);
      } catch (IllegalArgumentException e) {
        throw new TypeConversionException(e.getMessage());
      }
    }
  }
}
