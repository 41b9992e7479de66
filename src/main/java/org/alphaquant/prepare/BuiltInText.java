package org.alphaquant.prepare;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.alphaquant.calibration.TextSource;
import tools.jackson.databind.json.JsonMapper;

/** The service's own calibration text, for jobs that bring none. */
final class BuiltInText {

  private static final String RESOURCE = "/calibration/calibration.jsonl";

  private BuiltInText() {}

  static TextSource documents() {
    try (InputStream stream = BuiltInText.class.getResourceAsStream(RESOURCE);
        BufferedReader lines =
            new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8))) {
      JsonMapper json = JsonMapper.shared();
      List<String> documents =
          lines.lines().map(line -> json.readTree(line).get("text").asString()).toList();
      return new TextSource.Inline(documents);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
