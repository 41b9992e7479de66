package org.alphaquant;

import java.io.PrintStream;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Set;
import java.util.stream.Collectors;
import org.alphaquant.security.KeyRing;
import org.alphaquant.security.Scope;
import org.springframework.boot.Banner;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.core.env.SimpleCommandLinePropertySource;

/** The command {@code create-key}: makes a key in the service's database and prints it. */
final class CreateKey {

  static final String NAME = "create-key";

  private static final String USAGE =
      """
      usage: java -jar alphaquant-server.jar create-key --owner=NAME [--scopes=read,write,admin]
                  [--name=TEXT] [--days=DAYS] [--spring.datasource.url=...]
      Makes an API key and prints it, once. Scopes are read and write by default; without --days the
      key does not expire. A server that uses the same embedded database must be stopped first.
      """;

  private CreateKey() {}

  /**
   * @param arguments all of the command line
   * @return the exit status of the process
   */
  static int run(String[] arguments, PrintStream out, PrintStream err) {
    SimpleCommandLinePropertySource options = new SimpleCommandLinePropertySource(arguments);
    Request request;
    try {
      request = Request.of(options);
    } catch (IllegalArgumentException e) {
      err.println(e.getMessage());
      err.println(USAGE);
      return 2;
    }
    try (ConfigurableApplicationContext context = start(arguments)) {
      KeyRing.NewKey made = request.make(context.getBean(KeyRing.class));
      out.println(made.text());
    }
    return 0;
  }

  private static ConfigurableApplicationContext start(String[] arguments) {
    return new SpringApplicationBuilder(AlphaQuantServer.class)
        .web(WebApplicationType.NONE)
        .bannerMode(Banner.Mode.OFF)
        .logStartupInfo(false)
        .properties("logging.level.root=warn")
        .run(with(arguments, "--alphaquant.role=api"));
  }

  private static String[] with(String[] arguments, String last) {
    String[] all = Arrays.copyOf(arguments, arguments.length + 1);
    all[arguments.length] = last;
    return all;
  }

  private record Request(String owner, Set<Scope> scopes, String name, Instant expiresAt) {

    static Request of(SimpleCommandLinePropertySource options) {
      String owner = options.getProperty("owner");
      if (owner == null || owner.isBlank()) {
        throw new IllegalArgumentException("--owner is missing");
      }
      String scopes = options.getProperty("scopes");
      return new Request(
          owner,
          Arrays.stream((scopes == null ? "read,write" : scopes).split(","))
              .map(Scope::of)
              .collect(Collectors.toSet()),
          options.getProperty("name"),
          expiry(options.getProperty("days")));
    }

    private static Instant expiry(String days) {
      if (days == null) {
        return null;
      }
      if (!days.matches("[1-9]\\d{0,4}")) {
        throw new IllegalArgumentException("--days is " + days + " but must be from 1 to 99999");
      }
      return Instant.now().plus(Duration.ofDays(Long.parseLong(days)));
    }

    KeyRing.NewKey make(KeyRing keys) {
      return keys.create(owner, scopes, name, expiresAt);
    }
  }
}
