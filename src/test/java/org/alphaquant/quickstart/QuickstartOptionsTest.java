package org.alphaquant.quickstart;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class QuickstartOptionsTest {

  @Test
  void readsEveryOptionAndLeavesTheRestToTheService() {
    QuickstartOptions options =
        QuickstartOptions.parse(
            List.of(
                "--port=9000",
                "--data-dir=/d",
                "--job=/j.json",
                "--exit",
                "--width=120",
                "--",
                "--alphaquant.role=all",
                "--port=1"));

    assertThat(options)
        .isEqualTo(
            new QuickstartOptions(
                9000,
                Path.of("/d"),
                Path.of("/j.json"),
                true,
                120,
                List.of("--alphaquant.role=all", "--port=1")));
  }

  @Test
  void namesWhatItDoesNotUnderstand() {
    assertThatThrownBy(() -> QuickstartOptions.parse(List.of("--prot=1")))
        .hasMessage("unknown option --prot=1");
    assertThatThrownBy(() -> QuickstartOptions.parse(List.of("--port=http")))
        .hasMessage("--port is \"http\" but must be a number");
    assertThatThrownBy(() -> QuickstartOptions.parse(List.of("--port=70000")))
        .hasMessage("--port is 70000 but must be from 1 to 65535");
  }
}
