package org.alphaquant.torch;

import com.sun.jna.NativeLibrary;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The GPU that libtorch works on in a thread, {@code c10::cuda::ExchangeDevice}. Operators go to
 * the device of their arrays by themselves, but not all of them (ldexp does not,
 * pytorch/pytorch#189567): these compute nonsense on any device but the first.
 */
final class CurrentDevice {

  private static final Logger log = LoggerFactory.getLogger(CurrentDevice.class);
  private static final ThreadLocal<Integer> CURRENT = ThreadLocal.withInitial(() -> 0);

  private static volatile boolean missing;

  private CurrentDevice() {}

  /** Makes a device the thread's current one. */
  static void set(int ordinal) {
    if (CURRENT.get() == ordinal || missing) {
      return;
    }
    try {
      NativeLibrary.getInstance("libc10_cuda.so")
          .getFunction("_ZN3c104cuda14ExchangeDeviceEa")
          .invokeInt(new Object[] {(byte) ordinal});
      CURRENT.set(ordinal);
    } catch (UnsatisfiedLinkError e) {
      missing = true;
      log.warn("libtorch has no switch for the current device: {}", e.getMessage());
    }
  }
}
