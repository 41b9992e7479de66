package org.alphaquant.cuda;

import ai.djl.util.Utils;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.IntByReference;
import com.sun.jna.ptr.PointerByReference;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One GPU: compiles kernels, launches them and copies memory. Work is queued on the legacy default
 * stream of the device's primary context, after what libtorch has queued there. Safe for use by
 * several threads.
 */
public final class CudaDevice {

  private static final Logger log = LoggerFactory.getLogger(CudaDevice.class);
  private static final Map<Integer, Optional<CudaDevice>> DEVICES = new ConcurrentHashMap<>();

  private static final int LONGEST_NAME = 256;

  // Codes and scales of a layer's experts.
  private static final int RESERVED_PARTS = 6;

  // Where a call leaves the context that it took away; making one takes longer than the call.
  private static final ThreadLocal<PointerByReference> LEFT =
      ThreadLocal.withInitial(PointerByReference::new);

  private final int ordinal;
  private final Driver driver;
  private final Compiler compiler;
  private final Pointer context;
  private final String name;
  private final String architecture;
  private final Map<String, CudaModule> modules = new ConcurrentHashMap<>();
  private final LockedMemory locked;
  private final ReadAhead ahead;
  private Optional<Blas> blas;

  private CudaDevice(
      int ordinal,
      Driver driver,
      Compiler compiler,
      Pointer context,
      String name,
      String architecture) {
    this.ordinal = ordinal;
    this.driver = driver;
    this.compiler = compiler;
    this.context = context;
    this.name = name;
    this.architecture = architecture;
    this.locked = new LockedMemory(this, driver);
    this.ahead = new ReadAhead(this, driver, locked);
  }

  /**
   * The device of a number as libtorch counts them; empty, with one line in the log that says why,
   * where kernels cannot be compiled or launched.
   */
  public static Optional<CudaDevice> of(int ordinal) {
    return DEVICES.computeIfAbsent(ordinal, CudaDevice::open);
  }

  /** Makes the driver begin with a device, which takes as long as loading libtorch does. */
  public static void wake(int ordinal) {
    try {
      Driver driver = Driver.load();
      context(driver, device(driver, ordinal));
    } catch (UnsatisfiedLinkError | CudaException e) {
      log.debug("cuda:{} does not wake: {}", ordinal, e.getMessage());
    }
  }

  private static IntByReference device(Driver driver, int ordinal) {
    check(driver, driver.cuInit(0), "cuInit");
    IntByReference device = new IntByReference();
    check(driver, driver.cuDeviceGet(device, ordinal), "cuDeviceGet");
    return device;
  }

  private static PointerByReference context(Driver driver, IntByReference device) {
    PointerByReference context = new PointerByReference();
    int result = driver.cuDevicePrimaryCtxRetain(context, device.getValue());
    check(driver, result, "cuDevicePrimaryCtxRetain");
    return context;
  }

  private static Optional<CudaDevice> open(int ordinal) {
    try {
      Driver driver = Driver.load();
      IntByReference device = device(driver, ordinal);
      PointerByReference context = context(driver, device);
      String architecture =
          "sm_%d%d"
              .formatted(
                  attribute(driver, device, Driver.MAJOR), attribute(driver, device, Driver.MINOR));
      return Optional.of(
          new CudaDevice(
              ordinal,
              driver,
              Compiler.load(),
              context.getValue(),
              name(driver, device),
              architecture));
    } catch (UnsatisfiedLinkError | CudaException e) {
      log.warn("cuda:{} runs without fused kernels: {}", ordinal, e.getMessage());
      return Optional.empty();
    }
  }

  private static String name(Driver driver, IntByReference device) {
    byte[] name = new byte[LONGEST_NAME];
    check(driver, driver.cuDeviceGetName(name, name.length, device.getValue()), "cuDeviceGetName");
    return Native.toString(name);
  }

  private static int attribute(Driver driver, IntByReference device, int attribute) {
    IntByReference value = new IntByReference();
    int result = driver.cuDeviceGetAttribute(value, attribute, device.getValue());
    check(driver, result, "cuDeviceGetAttribute");
    return value.getValue();
  }

  /** Its number as libtorch counts devices. */
  public int ordinal() {
    return ordinal;
  }

  /** As the driver calls it, {@code NVIDIA H200} for instance. */
  public String name() {
    return name;
  }

  /**
   * Kernels of {@code resources/cuda}, compiled once for each set of definitions and kept on disk
   * beside what the engine unpacks, by the hash of all that machine code follows from.
   *
   * @param definitions of macros, {@code NAME=value}
   * @throws CudaException if it does not compile
   */
  public CudaModule module(CudaSource source, List<String> definitions) {
    return modules.computeIfAbsent(source.name() + definitions, name -> load(source, definitions));
  }

  /** Products by cuBLAS; empty where there is none. */
  public synchronized Optional<Blas> blas() {
    if (blas == null) {
      blas = Blas.open(this);
    }
    return blas;
  }

  private CudaModule load(CudaSource source, List<String> definitions) {
    String[] options =
        Stream.concat(
                Stream.of("--gpu-architecture=" + architecture, "-std=c++17"),
                definitions.stream().map(definition -> "-D" + definition))
            .toArray(String[]::new);
    try {
      String text = source.text();
      Path folder = Utils.getEngineCacheDir("pytorch").resolve("kernels");
      byte[] image =
          new KernelCache(folder)
              .get(text, options, () -> compiler.compile(source.name(), text, options));
      return inContext(() -> new CudaModule(this, driver, loaded(image)));
    } catch (IOException e) {
      throw new CudaException("%s cannot be read: %s".formatted(source.name(), e));
    }
  }

  private Pointer loaded(byte[] image) {
    PointerByReference module = new PointerByReference();
    check(driver, driver.cuModuleLoadData(module, image), "cuModuleLoadData");
    return module.getValue();
  }

  /** Memory of the host that a copy from the device reaches in one transfer. */
  public HostMemory hostMemory() {
    return new HostMemory(locked);
  }

  /** Bytes of page-locked memory that the system counts as this process's own. */
  public long lockedBytes() {
    return locked.own();
  }

  /** Locks what the first copies to the host's memory need, which takes longer than these. */
  public void reserveHostMemory() {
    locked.reserve(RESERVED_PARTS, HostMemory.PART);
  }

  /**
   * Begins to bring mapped bytes nearer, on threads of its own: {@link #copyToDevice} then finds
   * them in memory that the device reads by itself. What was read ahead before the last call, and
   * not asked for, is given up.
   */
  public void readAhead(List<ByteBuffer> mapped) {
    ahead.begin(mapped);
  }

  /**
   * Takes back the host's memory for copies, whoever has it, for who comes next: locking it anew
   * would take longer than most of what it is for.
   */
  public void reclaimHostMemory() {
    ahead.clear();
    locked.reclaim();
  }

  /** Waits until all queued work is done. */
  public void await() {
    inContext(
        () -> {
          check(driver, driver.cuCtxSynchronize(), "cuCtxSynchronize");
          return null;
        });
  }

  /** Copies memory of the device to a direct buffer's remaining bytes, after all queued work. */
  public void copyToHost(long address, ByteBuffer direct) {
    Pointer to = Native.getDirectBufferPointer(direct.slice());
    inContext(
        () -> {
          check(driver, driver.cuMemcpyDtoH_v2(to, address, direct.remaining()), "cuMemcpyDtoH");
          return null;
        });
  }

  /** Copies a direct buffer's remaining bytes to memory of the device, after all queued work. */
  public void copyToDevice(ByteBuffer direct, long address) {
    long from = Pointer.nativeValue(Native.getDirectBufferPointer(direct.slice()));
    int size = direct.remaining();
    for (int at = 0; at < size; ) {
      at += ahead.copy(from + at, size - at, address + at);
    }
  }

  /**
   * Copies another device's memory to this one's after what is queued here, whatever is queued
   * there.
   */
  public void copyFrom(CudaDevice other, long from, long bytes, long address) {
    inContext(
        () -> {
          int result = driver.cuMemcpyPeerAsync(address, context, from, other.context, bytes, null);
          check(driver, result, "cuMemcpyPeerAsync");
          return null;
        });
  }

  void copy(long from, long bytes, long address) {
    inContext(
        () -> {
          int result = driver.cuMemcpyHtoD_v2(address, new Pointer(from), bytes);
          check(driver, result, "cuMemcpyHtoD");
          return null;
        });
  }

  /** Runs calls in this device's context, leaving the thread's own as it was. */
  <T> T inContext(Supplier<T> calls) {
    check(driver, driver.cuCtxPushCurrent_v2(context), "cuCtxPushCurrent");
    try {
      return calls.get();
    } finally {
      driver.cuCtxPopCurrent_v2(LEFT.get());
    }
  }

  static void check(Driver driver, int result, String call) {
    if (result != 0) {
      PointerByReference name = new PointerByReference();
      boolean known = driver.cuGetErrorName(result, name) == 0 && name.getValue() != null;
      throw new CudaException(
          "%s gave %s".formatted(call, known ? name.getValue().getString(0) : "error " + result));
    }
  }
}
