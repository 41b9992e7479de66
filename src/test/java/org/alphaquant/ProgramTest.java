package org.alphaquant;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class ProgramTest {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  @Test
  void helpNamesEveryCommandAndTheExitStatus() {
    assertThat(run("--help")).isZero();
    assertThat(text(out))
        .contains("submit", "plan", "watch", "list", "cancel", "retry", "experts", "download")
        .contains(
            "compare", "create-key", "migrate", "quickstart", "generate-completion", "Exit status")
        .contains("receipt", "verify", "create-receipt-key");
  }

  @Test
  void theVersionIsSaid() {
    assertThat(run("--version")).isZero();
    assertThat(text(out)).startsWith("AlphaQuant Server ");
  }

  @Test
  void aWrongOptionOrCommandIsNamedInOneLine() {
    assertThat(run("submti")).isEqualTo(2);
    assertThat(run("list", "--stat=x")).isEqualTo(2);
    assertThat(run("submit")).isEqualTo(2);
    assertThat(run("list", "--url=nowhere")).isEqualTo(2);
    assertThat(text(err).lines())
        .containsExactly(
            "alphaquant: Unmatched argument at index 0: 'submti'; did you mean submit?; see alphaquant --help",
            "alphaquant list: Unknown option: '--stat=x'; did you mean --state?; see alphaquant list --help",
            "alphaquant: name a job file or a --model",
            "alphaquant: --url is \"nowhere\" but must be an http or https address");
  }

  @Test
  void aFileThatIsNotThereIsSaidWithoutTheNamesOfExceptions() {
    assertThat(run("plan", "none.json")).isEqualTo(1);
    assertThat(run("list", "--key-file", "none.key")).isEqualTo(1);
    assertThat(text(err).lines())
        .containsExactly(
            "alphaquant: none.json does not exist", "alphaquant: key file none.key does not exist");
  }

  @Test
  void aServiceThatDoesNotAnswerHasAStatusOfItsOwn() throws IOException {
    int port;
    try (ServerSocket closed = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = closed.getLocalPort();
    }

    assertThat(run("list", "--url=http://localhost:" + port)).isEqualTo(3);
    assertThat(text(err))
        .contains("does not answer at http://localhost:" + port + " (connection refused)");
  }

  @Test
  void withoutACommandTheArgumentsAreProperties() {
    assertThat(Program.isCommand(List.of())).isFalse();
    assertThat(Program.isCommand(List.of("--server.port=1"))).isFalse();
    assertThat(Program.isCommand(List.of("--help"))).isTrue();
    assertThat(Program.isCommand(List.of("hlep"))).isTrue();
  }

  @Test
  void aPropertyThatNothingReadsIsRefusedWithTheOneThatWasMeant() {
    assertThat(
            ServiceArguments.faults(
                List.of(
                    "--server.port=1",
                    "--alphaquant.models.roots[0]=/m",
                    "--alphaquant.worker.drainGrace=3s",
                    "--alphaquant.roots=/m",
                    "--models=/m",
                    "-x")))
        .containsExactly(
            "--alphaquant.roots is no property of the service; did you mean"
                + " --alphaquant.files.roots or --alphaquant.models.roots?",
            "--models is no property of the service",
            "argument \"-x\" is no property (--name=value); a command comes before its options");
  }

  private int run(String... arguments) {
    return new Program(new PrintStream(out, true), new PrintStream(err, true))
        .run(List.of(arguments));
  }

  private static String text(ByteArrayOutputStream bytes) {
    return bytes.toString(StandardCharsets.UTF_8);
  }
}
