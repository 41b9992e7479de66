package org.alphaquant.quickstart;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class ServiceLogTest {

  @Test
  void takesTheDeepestCauseOfAStackTrace() {
    assertThat(
            ServiceLog.lastMeaningful(
                List.of(
                    "2026-01-01T00:00:00.000Z ERROR SpringApplication    Application run failed",
                    "org.springframework.beans.factory.BeanCreationException: cannot create",
                    "\tat org.springframework.Foo.bar(Foo.java:1)",
                    "Caused by: org.alphaquant.database.DatabaseStartException: Data directory /d is in use",
                    "\t... 20 more")))
        .contains("Data directory /d is in use");
  }

  @Test
  void takesTheExplanationOfAFailedStart() {
    assertThat(
            ServiceLog.lastMeaningful(
                List.of(
                    "APPLICATION FAILED TO START",
                    "Description:",
                    "",
                    "Web server failed to start. Port 8080 was already in use.",
                    "",
                    "Action:",
                    "",
                    "Stop the other one.")))
        .contains("Web server failed to start. Port 8080 was already in use.");
  }

  @Test
  void takesTheLastErrorBeforeLinesOfLessWeight() {
    assertThat(
            ServiceLog.lastMeaningful(
                List.of(
                    "2026-01-01T00:00:00.000Z ERROR Attempt              the job broke",
                    "2026-01-01T00:00:01.000Z INFO  AlphaQuantServer     Ready",
                    "")))
        .contains("the job broke");
  }

  @Test
  void isEmptyForAFileThatIsNotThere() {
    assertThat(ServiceLog.lastMeaningful(Path.of("no-such-folder", "server.log"))).isEmpty();
  }
}
