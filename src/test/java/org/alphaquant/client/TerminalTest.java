package org.alphaquant.client;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class TerminalTest {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream errors = new ByteArrayOutputStream();

  @Test
  void withoutATerminalPrintsOneLineForEachStepAndNoControlCharacters() {
    Terminal terminal = terminal(0);

    terminal.redraw("quantize, layer 1 of 2", "quantize, layer 1 of 2  0:01 elapsed");
    terminal.redraw("quantize, layer 1 of 2", "quantize, layer 1 of 2  0:02 elapsed");
    terminal.redraw("quantize, layer 2 of 2", "quantize, layer 2 of 2  0:03 elapsed");
    terminal.print("done");

    assertThat(text(out).lines())
        .containsExactly(
            "quantize, layer 1 of 2  0:01 elapsed", "quantize, layer 2 of 2  0:03 elapsed", "done");
    assertThat(text(out)).doesNotContain("\r", "\033");
  }

  @Test
  void onATerminalDrawsOverTheLastLine() {
    Terminal terminal = terminal(80);

    terminal.redraw("a", "first");
    terminal.redraw("a", "second");
    terminal.print("stays");

    assertThat(text(out))
        .isEqualTo("\r\033[Kfirst\r\033[Ksecond\r\033[Kstays" + System.lineSeparator());
  }

  @Test
  void cutsWhatWouldWrapAndSoNotBeErased() {
    terminal(8).redraw("a", "0123456789");

    assertThat(text(out)).isEqualTo("\r\033[K0123456");
  }

  @Test
  void saysNothingMoreWhileLeavingButTheLastLine() {
    Terminal terminal = terminal(0);

    terminal.leave("Stopping");
    terminal.fail("the connection broke");
    terminal.redraw("b", "more progress");
    terminal.print("more");
    terminal.close("Everything is stopped.");

    assertThat(text(out).lines()).containsExactly("Stopping", "Everything is stopped.");
    assertThat(text(errors)).isEmpty();
  }

  private Terminal terminal(int width) {
    return new Terminal(
        "quickstart",
        new PrintStream(out, true, StandardCharsets.UTF_8),
        new PrintStream(errors, true, StandardCharsets.UTF_8),
        width);
  }

  private static String text(ByteArrayOutputStream stream) {
    return stream.toString(StandardCharsets.UTF_8);
  }
}
