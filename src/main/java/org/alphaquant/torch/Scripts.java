package org.alphaquant.torch;

import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.JniUtils;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/**
 * The functions of {@code resources/torchscript} as one device compiled them: those that most runs
 * call at once, the modules that few runs call when one of their functions is first called. Safe
 * for use by several threads.
 */
final class Scripts implements AutoCloseable {

  /** Modules that no other one uses, and that only some families or kinds of job call. */
  static final Set<String> RARE =
      Set.of(
          "cache",
          "convolution",
          "delta_net",
          "distill",
          "gradient",
          "kept",
          "kimi_delta",
          "mamba",
          "published",
          "rotation",
          "sample",
          "traffic");

  private final PtNDManager manager;
  private final PtSymbolBlock common;
  private PtSymbolBlock all;

  private Scripts(PtNDManager manager, PtSymbolBlock common) {
    this.manager = manager;
    this.common = common;
  }

  /** Begins to put together what {@link #compile} needs, once for the process. */
  static void begin() {
    Common.BYTES.isDone();
  }

  /**
   * Compiles those that most runs call.
   *
   * @throws TorchException if they do not compile
   */
  static Scripts compile(PtNDManager manager) {
    return new Scripts(manager, compiled(manager, Common.BYTES.join()));
  }

  /** What has a function. */
  PtSymbolBlock of(String function) {
    String module = function.substring(0, Math.max(0, function.indexOf('.')));
    return RARE.contains(module) ? all() : common;
  }

  private synchronized PtSymbolBlock all() {
    if (all == null) {
      all = compiled(manager, archive(Set.of()));
    }
    return all;
  }

  private static PtSymbolBlock compiled(PtNDManager manager, byte[] archive) {
    try {
      return JniUtils.loadModule(manager, new ByteArrayInputStream(archive), false, false);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (RuntimeException e) {
      throw TorchException.of("start", "compiling the scripts", e);
    }
  }

  private static byte[] archive(Set<String> without) {
    try {
      return new ScriptArchive(
              ScriptSources.read().stream().filter(it -> !without.contains(it.name())).toList())
          .toBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public synchronized void close() {
    common.close();
    if (all != null) {
      all.close();
    }
  }

  private static final class Common {
    static final CompletableFuture<byte[]> BYTES =
        CompletableFuture.supplyAsync(() -> archive(RARE));
  }
}
