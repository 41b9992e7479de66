package org.alphaquant.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KernelCacheTest {

  private static final String[] HOPPER = {"--gpu-architecture=sm_90"};

  @TempDir Path folder;

  private final AtomicInteger compiled = new AtomicInteger();

  @Test
  void theSameSourceIsCompiledOnceForAnArchitecture() {
    KernelCache cache = new KernelCache(folder.resolve("kernels"));
    assertThat(cache.get("a", HOPPER, this::compile)).containsExactly(1);
    assertThat(cache.get("a", HOPPER, this::compile)).containsExactly(1);
    assertThat(cache.get("b", HOPPER, this::compile)).containsExactly(2);
    assertThat(cache.get("a", new String[] {"--gpu-architecture=sm_80"}, this::compile))
        .containsExactly(3);
  }

  @Test
  void aFolderThatCannotBeWrittenOnlyCostsTheTime() throws Exception {
    Path file = Files.writeString(folder.resolve("file"), "");
    KernelCache cache = new KernelCache(file.resolve("kernels"));
    assertThat(cache.get("a", HOPPER, this::compile)).containsExactly(1);
    assertThat(cache.get("a", HOPPER, this::compile)).containsExactly(2);
  }

  private byte[] compile() {
    return new byte[] {(byte) compiled.incrementAndGet()};
  }
}
