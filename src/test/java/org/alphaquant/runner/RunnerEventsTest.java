package org.alphaquant.runner;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class RunnerEventsTest {

  private static final Pattern SENT = Pattern.compile("\\.event\\(\\s*\"(\\w+)\"");

  /** A runner that sends any other is ended. */
  @Test
  void whateverARunSendsIsForwardedAndInTheContract() throws IOException {
    Set<String> sent = new TreeSet<>();
    try (Stream<Path> sources = Files.list(Path.of("src/main/java/org/alphaquant/run"))) {
      for (Path source : sources.toList()) {
        SENT.matcher(Files.readString(source)).results().forEach(event -> sent.add(event.group(1)));
      }
    }
    assertThat(RemoteAttempt.EVENTS).containsExactlyInAnyOrderElementsOf(sent);
    String contract = Files.readString(Path.of("openapi.yaml"));
    String kinds =
        contract.lines().filter(it -> it.contains("examples: [state,")).findFirst().get();
    assertThat(sent).allMatch(kind -> kinds.matches(".*\\b" + kind + "\\b.*"));
  }
}
