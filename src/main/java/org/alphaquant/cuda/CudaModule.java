package org.alphaquant.cuda;

import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.PointerByReference;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Loaded kernels. */
public final class CudaModule {

  // What a kernel may ask for without more ado.
  private static final int FREELY_SHARED_BYTES = 48 << 10;

  private final CudaDevice device;
  private final Driver driver;
  private final Pointer module;
  private final Map<String, Pointer> functions = new ConcurrentHashMap<>();

  CudaModule(CudaDevice device, Driver driver, Pointer module) {
    this.device = device;
    this.driver = driver;
    this.module = module;
  }

  /** Blocks of a launch. */
  public record Blocks(long x, long y, long z) {

    /** So many blocks that each takes {@code size} of {@code count}. */
    public static long of(long count, long size) {
      return (count + size - 1) / size;
    }
  }

  /** Threads of a block, and bytes of shared memory that it asks for, always as many. */
  public record Threads(int x, int y, int sharedBytes) {

    public static Threads of(int x) {
      return new Threads(x, 1, 0);
    }
  }

  /** Queues a kernel. */
  public void launch(String kernel, Blocks blocks, Threads threads, KernelArguments arguments) {
    device.inContext(
        () -> {
          Memory addresses = arguments.addresses();
          int result =
              driver.cuLaunchKernel(
                  functions.computeIfAbsent(kernel, it -> function(it, threads.sharedBytes)),
                  Math.toIntExact(blocks.x),
                  Math.toIntExact(blocks.y),
                  Math.toIntExact(blocks.z),
                  threads.x,
                  threads.y,
                  1,
                  threads.sharedBytes,
                  null,
                  addresses,
                  null);
          CudaDevice.check(driver, result, kernel);
          return null;
        });
  }

  private Pointer function(String kernel, int sharedBytes) {
    PointerByReference function = new PointerByReference();
    CudaDevice.check(
        driver, driver.cuModuleGetFunction(function, module, kernel), "cuModuleGetFunction");
    if (sharedBytes > FREELY_SHARED_BYTES) {
      int result =
          driver.cuFuncSetAttribute(function.getValue(), Driver.MOST_SHARED_BYTES, sharedBytes);
      CudaDevice.check(driver, result, "cuFuncSetAttribute");
    }
    return function.getValue();
  }
}
