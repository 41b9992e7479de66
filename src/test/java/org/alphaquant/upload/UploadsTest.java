package org.alphaquant.upload;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.alphaquant.database.TestDatabases;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.util.unit.DataSize;

class UploadsTest {

  private static final JdbcClient SQL = TestDatabases.client();

  @TempDir Path folder;

  private Uploads uploads(Duration keep) {
    UploadSettings settings =
        new UploadSettings(DataSize.ofKilobytes(1), DataSize.ofKilobytes(2), keep, keep, null);
    return new Uploads(SQL, folder, settings, Optional.empty());
  }

  private static InputStream text(String text) {
    return new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void aFileGoesWhenItsTimeIsOver() throws IOException {
    UploadedFile kept = uploads(Duration.ofDays(1)).put("ann", "a.txt", text("text"));
    Uploads uploads = uploads(Duration.ZERO);
    UploadedFile over = uploads.put("ann", "b.txt", text("text"));
    assertThat(uploads.find(over.source())).isEmpty();
    assertThat(uploads.path(over)).exists();
    uploads.sweep();
    assertThat(uploads.path(over).getParent()).doesNotExist();
    assertThat(uploads.path(kept)).hasContent("text");
    assertThat(uploads.find(kept.source())).contains(kept);
    assertThat(uploads.delete("bob", kept.id())).isFalse();
    assertThat(uploads.list("bob")).isEmpty();
    assertThat(uploads.list("ann")).containsExactly(kept);
  }

  @Test
  void nothingIsLeftOfAFileThatIsRefused() {
    Uploads uploads = uploads(Duration.ofDays(1));
    assertThatThrownBy(() -> uploads.put("cat", "a.txt", text("a".repeat(2000))))
        .hasMessageContaining("limit of 1024 bytes");
    assertThatThrownBy(() -> uploads.put("cat", "a.bin", text("a\0b")))
        .hasMessageContaining("neither Parquet, gzip, Zstandard nor text");
    assertThatThrownBy(() -> uploads.put("cat", "../a", text("a"))).hasMessageContaining("name");
    assertThat(folder).isEmptyDirectory();
    assertThat(uploads.find("upload:" + "x")).isEmpty();
  }
}
