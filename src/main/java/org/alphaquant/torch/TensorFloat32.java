package org.alphaquant.torch;

import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Libtorch's switch for TF32 in float32 products, {@code at::Context::setAllowTF32CuBLAS}, which
 * neither the engine nor a script reaches. It is one for the process: a run that shares its process
 * with another on a second GPU should ask for what the other does.
 */
final class TensorFloat32 {

  private static final Logger log = LoggerFactory.getLogger(TensorFloat32.class);

  private static boolean allowed;
  private static boolean missing;

  private TensorFloat32() {}

  static synchronized void allow(boolean wanted) {
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
