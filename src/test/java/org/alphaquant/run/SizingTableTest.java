package org.alphaquant.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * {@code docs/gpu.md} says what the plan says; {@code -Dalphaquant.golden=write} writes it anew.
 */
class SizingTableTest {

  private static final Path PAGE = Path.of("docs/gpu.md");
  private static final Pattern TABLE = Pattern.compile("\\| model \\| before .*\\n(?:\\|.*\\n)+");

  @TempDir Path folder;

  @Test
  void theTableOfThePageIsThePlans() throws IOException {
    String table = new SizingTable(folder).text();
    String page = Files.readString(PAGE);
    if (System.getProperty("alphaquant.golden", "compare").equals("write")) {
      page = TABLE.matcher(page).replaceFirst(Matcher.quoteReplacement(table));
      Files.writeString(PAGE, page);
    }
    assertThat(page).as("the table of %s; the plan says now:%n%s", PAGE, table).contains(table);
  }
}
