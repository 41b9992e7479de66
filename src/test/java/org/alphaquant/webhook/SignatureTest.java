package org.alphaquant.webhook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SignatureTest {
  private static final byte[] KEY =
      "a key with \u00e4, of 32 bytes or so..".getBytes(StandardCharsets.UTF_8);
  private static final String BODY =
      "{\"type\": \"job.succeeded\", \"labels\": {\"a\": \"\u00e4 %s \\\\n\"}}";

  @TempDir Path folder;

  /** Example of the Standard Webhooks specification's libraries. */
  @Test
  void theSignatureIsTheOneOfTheSpecification() {
    byte[] key = Base64.getDecoder().decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    String body = "{\"test\": 2432232314}";
    assertThat(new Signature(key).of("msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body))
        .isEqualTo("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
  }

  @Test
  void theDocumentedCommandsAgreeWithIt() throws Exception {
    assumeThat(Path.of("/usr/bin/openssl")).exists();
    String signature = new Signature(KEY).of("msg_1", 1_790_000_000, BODY);
    assertThat(documentedCommands(signature, BODY)).isEqualTo("ours\n");
    assertThat(documentedCommands(signature, BODY + "\n")).isEqualTo("not ours\n");
  }

  private String documentedCommands(String signature, String body) throws Exception {
    Files.writeString(folder.resolve("body.json"), body);
    ProcessBuilder shell = new ProcessBuilder("sh", "-euc", documented());
    shell.directory(folder.toFile()).redirectErrorStream(true);
    shell
        .environment()
        .putAll(
            Map.of(
                "secret",
                "whsec_" + Base64.getEncoder().encodeToString(KEY),
                "id",
                "msg_1",
                "timestamp",
                "1790000000",
                "signature",
                signature));
    return new String(shell.start().getInputStream().readAllBytes(), StandardCharsets.UTF_8);
  }

  private static String documented() throws IOException {
    String text = Files.readString(Path.of("docs/webhooks.md"));
    String opening = "```sh\n";
    int start = text.indexOf(opening) + opening.length();
    return text.substring(start, text.indexOf("```", start));
  }
}
