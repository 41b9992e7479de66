package org.alphaquant.runner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MemoryGroupTest {

  @TempDir Path folder;

  /** A group that others may be made below; many machines and containers offer none. */
  private static Optional<Path> writable() {
    return List.of("/sys/fs/cgroup/memory", "/sys/fs/cgroup/alphaquant").stream()
        .map(Path::of)
        .filter(Files::isWritable)
        .findFirst();
  }

  @Test
  void theKernelEndsWhatHoldsMoreThanItsGroupMay() throws Exception {
    assumeThat(writable()).as("a control group to make others in").isPresent();
    // The last line of so much without any line is kept whole.
    Process process =
        new ProcessBuilder("/bin/sh", "-c", "read go; head -c 300m /dev/zero | tail | wc -c")
            .redirectErrorStream(true)
            .start();
    try (MemoryGroup group = MemoryGroup.of(writable(), process.pid()).orElseThrow()) {
      group.limit(64L << 20);
      assertThat(group.hasKilled()).isFalse();
      try (OutputStream go = process.getOutputStream()) {
        go.write('\n');
      }
      assertThat(new String(process.getInputStream().readAllBytes())).doesNotContain("314572800");
      process.waitFor();
      assertThat(group.hasKilled()).isTrue();
      group.limit(Long.MAX_VALUE);
    }
    assertThat(writable().orElseThrow().resolve("alphaquant-runner-" + process.pid()))
        .doesNotExist();
  }

  @Test
  void whereNoGroupCanBeMadeTheServiceWatchesAlone() throws IOException {
    Path file = Files.createFile(folder.resolve("file"));
    assertThat(MemoryGroup.of(Optional.of(file), 1)).isEmpty();
    assertThat(MemoryGroup.of(Optional.empty(), 1)).isEmpty();
  }
}
