package org.alphaquant.prepare;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import org.alphaquant.calibration.TextSource;
import tools.jackson.databind.json.JsonMapper;

/**
 * The service's own calibration text, for jobs without text: prose, dialogue, code, tables and
 * worked problems in English, German, French, Spanish and Chinese, written for this purpose.
 */
final class BuiltInText {

  /** Its name in reports and model cards; changes with the text. */
  static final String NAME = "AlphaQuant built-in text 1";

  private static final String RESOURCE = "/calibration/built-in.jsonl";

  private BuiltInText() {}

  static TextSource documents() {
    JsonMapper json = JsonMapper.shared();
    List<String> documents =
        new String(bytes(), StandardCharsets.UTF_8)
            .lines()
            .map(line -> json.readTree(line).get("text").asString())
            .toList();
    return new TextSource.Inline(documents);
  }

  static String sha256() {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes()));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  private static byte[] bytes() {
    try (InputStream stream = BuiltInText.class.getResourceAsStream(RESOURCE)) {
      return stream.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
