package org.alphaquant.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SharedLibraryTest {

  @TempDir Path folder;

  @Test
  void aCopyWithAHashInItsNameIsFoundAndItsCompanionsAreNot() throws Exception {
    Path engine = Files.createDirectory(folder.resolve("2.7.1-cu128-linux-x86_64"));
    Path compiler = Files.createFile(engine.resolve("libnvrtc-b51b459d.so.12"));
    Files.createFile(engine.resolve("libnvrtc-builtins.so.12.8"));
    Files.createFile(engine.resolve("libcublasLt-f97bfc2c.so.12"));
    assertThat(SharedLibrary.hashed(folder, "nvrtc")).containsExactly(compiler.toString());
    assertThat(SharedLibrary.hashed(folder, "cublas")).isEmpty();
    assertThat(SharedLibrary.hashed(folder.resolve("missing"), "nvrtc")).isEmpty();
  }
}
