package org.alphaquant.quickstart;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class QuickstartOptionsTest {

  @Test
  void namesThePortThatCannotBe() {
    assertThatThrownBy(() -> options(70_000, 8081, List.of()))
        .hasMessage("--port is 70000 but must be from 1 to 65535");
    assertThatThrownBy(() -> options(8080, 0, List.of()))
        .hasMessage("--management-port is 0 but must be from 1 to 65535");
    assertThatThrownBy(() -> options(8080, 8080, List.of()))
        .hasMessage("--port and --management-port are both 8080");
  }

  @Test
  void aPropertyThatIsAskedForReplacesTheQuickstartsOwn() {
    List<String> properties =
        ServiceProcess.properties(
            options(
                9000,
                9001,
                List.of("--management.server.port=18111", "--alphaquant.quota.running=1")));

    assertThat(properties)
        .contains(
            "--server.port=9000",
            "--management.server.port=18111",
            "--alphaquant.data-dir=/d",
            "--alphaquant.quota.running=1")
        .filteredOn(property -> property.startsWith("--management.server.port"))
        .hasSize(1);
  }

  @Test
  void saysWhatToDoNextOnceEverythingIsStopped() {
    assertThat(options(9000, 9001, List.of()).afterExit("/d/work/1/result"))
        .contains("/d/work/1/result", "docs/serving.md", "Without --exit", "http://localhost:9000");
  }

  private static QuickstartOptions options(int port, int management, List<String> properties) {
    return new QuickstartOptions(
        port, management, Path.of("/d"), Path.of("/j.json"), true, properties);
  }
}
