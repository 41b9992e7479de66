package org.alphaquant.torch;

import ai.djl.Device;
import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.JniUtils;
import ai.djl.util.cuda.CudaUtils;
import java.lang.management.MemoryUsage;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import org.alphaquant.cuda.Blas;
import org.alphaquant.cuda.CudaDevice;

/**
 * PyTorch on one device, with every function of {@code resources/torchscript} compiled. For one
 * thread at a time; the caller decides which.
 */
public final class Torch implements AutoCloseable {

  // The engine would report to its makers that it is used, and wait for their answer.
  static {
    System.getProperties().putIfAbsent("OPT_OUT_TRACKING", "true");
  }

  private final String device;
  private final NDManager manager;
  private final Scripts scripts;
  private final Optional<CudaDevice> cuda;

  private Torch(String device, NDManager manager, Scripts scripts, Optional<CudaDevice> cuda) {
    this.device = device;
    this.manager = manager;
    this.scripts = scripts;
    this.cuda = cuda;
  }

  /**
   * Opens a device.
   *
   * @param device {@code cpu}, or {@code cuda:0}, {@code cuda:1}, …
   * @throws TorchException if the scripts do not compile
   * @throws TorchOutOfMemoryException if the device has no room
   */
  public static Torch open(String device) {
    // Put together beside libtorch's start, which takes as long.
    Scripts.begin();
    Device opened = djlDevice(device);
    if (opened.isGpu()) {
      CompletableFuture.runAsync(() -> CudaDevice.wake(opened.getDeviceId()));
    }
    NDManager manager = NDManager.newBaseManager(opened, "PyTorch");
    try {
      Torch torch =
          new Torch(device, manager, Scripts.compile((PtNDManager) manager), cuda(device));
      loadLinearAlgebra(torch);
      return torch;
    } catch (RuntimeException e) {
      manager.close();
      throw e;
    }
  }

  // Libtorch loads its linear algebra for CUDA when it is first used, and where two threads are the
  // first, one of them fails (pytorch/pytorch#90613).
  private static synchronized void loadLinearAlgebra(Torch torch) {
    try (TensorScope scope = torch.scope("start")) {
      scope.runAll("gptq.inverse_factor", scope.floats(new float[] {1}, 1, 1, 1));
    }
  }

  /**
   * Makes the libraries of a GPU load what most runs use: their first call takes a second. For a
   * thread of its own, beside those that use the device; nothing on the CPU.
   */
  public void warmUp() {
    if (cuda.isEmpty()) {
      return;
    }
    try (TensorScope scope = scope("start").withoutProducts("warm-up")) {
      NDArray x = scope.floats(new float[128 * 128], 1, 1, 128, 128);
      int half = TorchDtype.FLOAT16.number();
      scope.run("attention.attend", x, x, x, 1.0, 0, half);
      NDArray rows = scope.run("tensor.to_dtype", x, half);
      NDArray none = scope.floats(new float[2], 2);
      cuda.get()
          .blas()
          .ifPresent(
              blas ->
                  blas.addGram(
                      new Blas.Rows(scope.address(rows), false, 128, 128, scope.address(none)),
                      0,
                      128,
                      scope.address(x)));
      scope.awaitDevice();
    }
  }

  /** The device's name, as given to {@link #open}. */
  public String device() {
    return device;
  }

  /** The kind of device; two devices of one kind give the same bits. */
  public String kind() {
    return device.equals("cpu")
        ? "cpu " + System.getProperty("os.arch")
        : cuda.map(CudaDevice::name).orElse("cuda");
  }

  /** Whether kernels of our own run on the device. */
  public boolean runsKernels() {
    return cuda.isPresent();
  }

  /** Bytes of page-locked memory of the host that the system counts as the process's own. */
  public long lockedHostMemory() {
    return cuda.map(CudaDevice::lockedBytes).orElse(0L);
  }

  /** Prepares the host's memory for copies from the device; nothing on the CPU. */
  public void reserveHostMemory() {
    cuda.ifPresent(CudaDevice::reserveHostMemory);
  }

  /** A scope for one stage of the work; its name appears in errors. */
  public TensorScope scope(String stage) {
    return new TensorScope(scripts, (PtNDManager) manager.newSubManager(), cuda, stage);
  }

  /** Returns memory that libtorch keeps for reuse to the device. */
  public void releaseCachedMemory() {
    if (!device.equals("cpu")) {
      JniUtils.emptyCudaCache();
    }
  }

  /** Bytes in use on the device by all processes, libtorch's cache included; empty on the CPU. */
  public OptionalLong usedDeviceMemory() {
    return gpuMemory()
        .map(usage -> OptionalLong.of(usage.getCommitted()))
        .orElse(OptionalLong.empty());
  }

  /** Bytes of the device that are free, libtorch's cache not counted; empty on the CPU. */
  public OptionalLong freeDeviceMemory() {
    return gpuMemory()
        .map(usage -> OptionalLong.of(usage.getMax() - usage.getCommitted()))
        .orElse(OptionalLong.empty());
  }

  private Optional<MemoryUsage> gpuMemory() {
    if (device.equals("cpu")) {
      return Optional.empty();
    }
    try {
      return Optional.of(CudaUtils.getGpuMemory(djlDevice(device)));
    } catch (EngineException e) {
      // On a card that other processes have filled, even this query runs out of memory.
      throw TorchException.of("device memory", "asking for the memory of " + device, e);
    }
  }

  /** Frees everything; what libtorch kept for reuse goes back to the device. */
  @Override
  public void close() {
    scripts.close();
    manager.close();
    cuda.ifPresent(CudaDevice::reclaimHostMemory);
    releaseCachedMemory();
  }

  private static Optional<CudaDevice> cuda(String device) {
    Device opened = djlDevice(device);
    return opened.isGpu() ? CudaDevice.of(opened.getDeviceId()) : Optional.empty();
  }

  private static Device djlDevice(String device) {
    if (device.equals("cpu")) {
      return Device.cpu();
    }
    if (!device.matches("cuda:\\d+")) {
      throw new IllegalArgumentException(
          "device is '%s'; it must be 'cpu' or 'cuda:<n>'".formatted(device));
    }
    return Device.gpu(Integer.parseInt(device.substring("cuda:".length())));
  }
}
