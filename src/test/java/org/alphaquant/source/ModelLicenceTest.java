package org.alphaquant.source;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What cards say of their licence, some of them long, cut short or of another shape. */
class ModelLicenceTest {
  @TempDir Path folder;

  @Test
  void theFrontMatterNamesIt() throws IOException {
    card("---\nlanguage: en\nlicense: 'apache-2.0' \ntags: []\n---\n# Model\n");
    assertThat(ModelLicence.of(folder)).contains("apache-2.0");
    card("--- \r\nlicense: mit\r\n---\r\n");
    assertThat(ModelLicence.of(folder)).contains("mit");
  }

  @Test
  void whatStandsElsewhereIsNone() throws IOException {
    assertThat(ModelLicence.of(folder)).isEmpty();
    for (String text : new String[] {"", "license: mit\n", "---\na: b\n---\nlicense: mit\n"}) {
      card(text);
      assertThat(ModelLicence.of(folder)).isEmpty();
    }
  }

  @Test
  void aCardOfManyLinesIsReadToItsEnd() throws IOException {
    card("---\n" + "a: b\n".repeat(150_000) + "license: mit\n---\n");
    assertThat(ModelLicence.of(folder)).contains("mit");
    card("---\n" + "a: b\n".repeat(250_000) + "license: mit\n---\n");
    assertThat(ModelLicence.of(folder)).as("over the limit of 1 MiB").isEmpty();
  }

  private void card(String text) throws IOException {
    Files.writeString(folder.resolve("README.md"), text);
  }
}
