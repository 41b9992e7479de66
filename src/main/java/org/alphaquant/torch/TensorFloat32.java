package org.alphaquant.torch;

import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Libtorch's switch for TF32 in float32 products, {@code at::Context::setAllowTF32CuBLAS}, which
 * neither the engine nor a script reaches. It is one for the process and read when a product is
 * queued: threads that need the other setting wait until the calls with the current one have ended.
 */
final class TensorFloat32 {

  private static final Logger log = LoggerFactory.getLogger(TensorFloat32.class);

  private static boolean allowed;
  private static boolean missing;
  private static int running;
  private static int changing;

  private TensorFloat32() {}

  /** Makes a call with the switch in the requested position. */
  static <T> T during(boolean wanted, Supplier<T> call) {
    begin(wanted);
    try {
      return call.get();
    } finally {
      end();
    }
  }

  private static synchronized void begin(boolean wanted) {
    while (wanted == allowed && changing > 0) {
      pause();
    }
    if (wanted != allowed && !missing) {
      changing++;
      while (running > 0 && wanted != allowed) {
        pause();
      }
      changing--;
      set(wanted);
      TensorFloat32.class.notifyAll();
    }
    running++;
  }

  private static synchronized void end() {
    running--;
    TensorFloat32.class.notifyAll();
  }

  private static void pause() {
    try {
      TensorFloat32.class.wait();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while another thread computes", e);
    }
  }

  private static void set(boolean wanted) {
    if (wanted == allowed || missing) {
      return;
    }
    try {
      NativeLibrary torch = NativeLibrary.getInstance("libtorch_cpu.so");
      Pointer context = torch.getFunction("_ZN2at13globalContextEv").invokePointer(new Object[0]);
      torch
          .getFunction("_ZN2at7Context18setAllowTF32CuBLASEb")
          .invokeVoid(new Object[] {context, wanted ? 1 : 0});
      allowed = wanted;
    } catch (UnsatisfiedLinkError e) {
      missing = true;
      log.warn("libtorch has no switch for TF32; products are float32: {}", e.getMessage());
    }
  }
}
