package org.alphaquant.torch;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.IValue;
import ai.djl.pytorch.jni.IValueUtils;
import ai.djl.pytorch.jni.JniUtils;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import org.alphaquant.architecture.Precision;
import org.alphaquant.cuda.CudaDevice;
import org.alphaquant.cuda.HostMemory;

/**
 * Runs script functions and owns the arrays they return: closing the scope frees them. An array
 * that must outlive the scope is moved with {@link #keep}.
 */
public final class TensorScope implements AutoCloseable {

  private static final boolean SEGMENTS_GROW = segmentsGrow(System.getenv());

  private final Scripts scripts;
  private final PtNDManager manager;
  private final Optional<CudaDevice> cuda;
  private final String stage;
  private final boolean recording;
  private final Precision precision;
  private final HostMemory host;

  TensorScope(Scripts scripts, PtNDManager manager, Optional<CudaDevice> cuda, String stage) {
    this(scripts, manager, cuda, stage, false, Precision.FLOAT32, null);
  }

  private TensorScope(
      Scripts scripts,
      PtNDManager manager,
      Optional<CudaDevice> cuda,
      String stage,
      boolean recording,
      Precision precision,
      HostMemory host) {
    this.scripts = scripts;
    this.manager = manager;
    this.cuda = cuda;
    this.stage = stage;
    this.recording = recording;
    this.precision = precision;
    this.host = host;
  }

  /** A scope within this one, closed with it at the latest. */
  public TensorScope child(String stage) {
    return within(stage, recording, precision, host);
  }

  /**
   * A scope within this one whose functions, and those of scopes within it, record what {@code
   * gradient.of} needs to differentiate them. What they return keeps its record alive. Arrays that
   * other scopes made cannot be differentiated: what takes part must be made or copied here.
   */
  public TensorScope recording(String stage) {
    return within(stage, true, precision, host);
  }

  /** A scope within this one whose products, and those of scopes within it, are computed so. */
  public TensorScope computing(Precision products) {
    return within(products.name().toLowerCase(Locale.ROOT), recording, products, host);
  }

  /**
   * A scope within this one that multiplies nothing, so that it runs beside scopes of any
   * precision.
   */
  public TensorScope withoutProducts(String stage) {
    return within(stage, recording, null, host);
  }

  /**
   * A scope within this one whose {@link #toBytes}, and that of scopes within it, lies in some
   * memory and is valid until that is closed.
   *
   * @param memory empty where there is no GPU
   */
  public TensorScope receiving(String stage, Optional<HostMemory> memory) {
    return within(stage, recording, precision, memory.orElse(null));
  }

  private TensorScope within(String inner, boolean records, Precision products, HostMemory memory) {
    PtNDManager own = (PtNDManager) manager.newSubManager();
    return new TensorScope(scripts, own, cuda, stage + "/" + inner, records, products, memory);
  }

  /** Announces mapped bytes that {@link #tensor} will soon be asked for; nothing on the CPU. */
  public void readAhead(Supplier<List<ByteBuffer>> mapped) {
    cuda.ifPresent(device -> device.readAhead(mapped.get()));
  }

  /** Whether what functions compute can be differentiated. */
  boolean records() {
    return recording;
  }

  /** Whether float32 products may round their factors to TF32. */
  public boolean rounds() {
    return cuda.isPresent() && precision != null && precision != Precision.FLOAT32;
  }

  /** What attention and experts multiply: bfloat16 where that was chosen and there is a GPU. */
  public TorchDtype productDtype() {
    boolean reduced = cuda.isPresent() && precision == Precision.BFLOAT16;
    return reduced ? TorchDtype.BFLOAT16 : TorchDtype.FLOAT32;
  }

  /**
   * What attention's queries, keys and values are rounded to: float16 where products are TF32, as
   * it keeps as many bits and has kernels that TF32 has not.
   */
  public TorchDtype attentionDtype() {
    return rounds() && precision == Precision.TF32 ? TorchDtype.FLOAT16 : productDtype();
  }

  /** The device that kernels of our own can run on; empty on the CPU and where there are none. */
  public Optional<CudaDevice> cuda() {
    return cuda;
  }

  /**
   * Where a contiguous array lies in its device's memory. It stays there until the array is closed,
   * and on the device until everything queued before is done.
   */
  public long address(NDArray array) {
    if (array.size() < TensorAddress.MOST / Double.BYTES) {
      return TensorAddress.of((PtNDArray) array);
    }
    try (TensorScope reading = child("address")) {
      return TensorAddress.of((PtNDArray) reading.run("tensor.first", array));
    }
  }

  /** The stage of the work this scope is for. */
  public String stage() {
    return stage;
  }

  /**
   * Runs a function that returns one tensor.
   *
   * @param function {@code module.function} of {@code resources/torchscript}
   * @param arguments arrays ({@link NDArray}, {@link NDList} for {@code List[Tensor]}), {@code
   *     long}, {@code int}, {@code double}, {@code boolean}, {@link String}, {@code long[]} or
   *     {@code double[]}
   * @throws TorchOutOfMemoryException if the device has no room
   * @throws TorchException if the script refuses its arguments
   */
  public NDArray run(String function, Object... arguments) {
    return call(function, arguments, result -> result.toTensor(manager));
  }

  /** Runs a function that returns a tuple or a list of tensors. */
  public NDList runAll(String function, Object... arguments) {
    return call(function, arguments, result -> result.toNDList(manager));
  }

  /** Runs a function for its effect on its arguments. */
  public void runInPlace(String function, Object... arguments) {
    call(function, arguments, result -> null);
  }

  /**
   * An array from raw little-endian bytes, on the scope's device.
   *
   * @param slices the bytes in order; together exactly the array's size
   */
  public NDArray tensor(TorchDtype dtype, long[] shape, List<ByteBuffer> slices) {
    long size = Arrays.stream(shape).reduce(dtype.bytes(), Math::multiplyExact);
    long given = slices.stream().mapToLong(ByteBuffer::remaining).sum();
    if (size != given) {
      throw new IllegalArgumentException(
          "stage '%s': a %s array of shape %s takes %d bytes but %d are given"
              .formatted(stage, dtype, Arrays.toString(shape), size, given));
    }
    try (TensorScope copying = child("load")) {
      NDArray bytes = copying.run("tensor.allocate_like", copying.emptyBytes(), size);
      long address = cuda.isPresent() && size > 0 ? address(bytes) : 0;
      long offset = 0;
      for (ByteBuffer slice : slices) {
        place(copying, bytes, address, offset, slice);
        offset += slice.remaining();
      }
      return copying.keep(this, copying.run("tensor.reinterpret", bytes, dtype.number(), shape));
    }
  }

  // One copy by the driver, where the engine's own way takes two.
  private void place(
      TensorScope copying, NDArray bytes, long address, long offset, ByteBuffer slice) {
    if (cuda.isPresent() && slice.isDirect() && slice.hasRemaining()) {
      cuda.get().copyToDevice(slice, address + offset);
      return;
    }
    try (TensorScope one = copying.child("slice")) {
      one.runInPlace("tensor.copy_into", bytes, offset, one.uint8(slice));
    }
  }

  /** A float32 array. */
  public NDArray floats(float[] values, long... shape) {
    return guarded(
        "floats",
        () -> manager.create(FloatBuffer.wrap(values), new Shape(shape), DataType.FLOAT32));
  }

  /** An int64 array. */
  public NDArray longs(long[] values, long... shape) {
    return guarded(
        "longs", () -> manager.create(LongBuffer.wrap(values), new Shape(shape), DataType.INT64));
  }

  /** Moves an array of this scope to another one, which owns it from now on. */
  public NDArray keep(TensorScope target, NDArray array) {
    array.attach(target.manager);
    return array;
  }

  /** The values as float32, whatever the array's type. */
  public float[] toFloats(NDArray array) {
    return read(array, TorchDtype.FLOAT32, NDArray::toFloatArray);
  }

  /** The values as int64, whatever the array's type. */
  public long[] toLongs(NDArray array) {
    return read(array, TorchDtype.INT64, NDArray::toLongArray);
  }

  /** The raw little-endian bytes of an array smaller than 2 GiB, in C order. */
  public ByteBuffer toBytes(NDArray array) {
    try (TensorScope reading = child("read")) {
      NDArray bytes = reading.run("tensor.bytes", array);
      // Scripts may return arrays of the host.
      boolean own = cuda.isPresent() && bytes.getDevice().isGpu();
      ByteBuffer copied = own ? copied(reading, bytes) : null;
      ByteBuffer read = copied == null ? guarded("read", bytes::toByteBuffer) : copied;
      return read.order(ByteOrder.LITTLE_ENDIAN);
    }
  }

  /** Whether no element of a real array is an infinity or not-a-number. */
  public boolean isFinite(NDArray array) {
    try (TensorScope reading = child("read")) {
      return reading.toLongs(reading.run("tensor.all_finite", array))[0] == 1;
    }
  }

  /** Waits until all queued work of the device is done: on a GPU calls return before it. */
  public void awaitDevice() {
    if (cuda.isPresent()) {
      cuda.get().await();
    } else if (!manager.getDevice().equals(Device.cpu())) {
      try (TensorScope waiting = child("await")) {
        waiting.toFloats(waiting.floats(new float[1], 1));
      }
    }
  }

  /**
   * Returns memory that libtorch keeps for reuse to the device, so that small blocks do not stand
   * in the way of large arrays; nothing on the CPU, or where they do not.
   */
  public void makeRoom() {
    if (!SEGMENTS_GROW && !manager.getDevice().equals(Device.cpu())) {
      JniUtils.emptyCudaCache();
    }
  }

  /** Whether libtorch keeps a GPU's memory in a segment that grows, so that blocks join. */
  static boolean segmentsGrow(Map<String, String> environment) {
    String older = environment.getOrDefault("PYTORCH_CUDA_ALLOC_CONF", "");
    return environment
        .getOrDefault("PYTORCH_ALLOC_CONF", older)
        .replace(" ", "")
        .contains("expandable_segments:True");
  }

  @Override
  public void close() {
    manager.close();
  }

  private <T> T read(NDArray array, TorchDtype dtype, Function<NDArray, T> values) {
    try (TensorScope reading = child("read")) {
      NDArray converted = reading.run("tensor.to_dtype", array, dtype.number());
      return guarded("read", () -> values.apply(converted));
    }
  }

  // One copy by the driver, where the engine's own way takes several.
  private ByteBuffer copied(TensorScope reading, NDArray bytes) {
    int size = Math.toIntExact(bytes.getShape().get(0));
    ByteBuffer copy = host == null ? ByteBuffer.allocateDirect(size) : host.allocate(size);
    if (size > 0) {
      cuda.orElseThrow().copyToHost(reading.address(bytes), copy);
    }
    return copy;
  }

  private NDArray emptyBytes() {
    return uint8(ByteBuffer.allocateDirect(0));
  }

  private NDArray uint8(ByteBuffer bytes) {
    return guarded(
        "load", () -> manager.create(bytes.slice(), new Shape(bytes.remaining()), DataType.UINT8));
  }

  private <T> T call(String function, Object[] arguments, Function<IValue, T> result) {
    // The profiling executor would re-optimise each script in its first calls, for nothing here.
    JniUtils.setGraphExecutorOptimize(false);
    IValue[] values = new IValue[arguments.length];
    try {
      for (int i = 0; i < arguments.length; i++) {
        values[i] = value(function, i, arguments[i]);
      }
      try (IValue returned = returned(function, values)) {
        return result.apply(returned);
      }
    } catch (RuntimeException e) {
      throw e instanceof TorchException ? e : TorchException.of(stage, function, e);
    } finally {
      for (IValue value : values) {
        if (value != null) {
          value.close();
        }
      }
    }
  }

  private IValue returned(String function, IValue... values) {
    if (cuda.isEmpty()) {
      return plainly(function, values);
    }
    CurrentDevice.set(cuda.get().ordinal());
    return precision == null
        ? plainly(function, values)
        : TensorFloat32.during(rounds(), () -> plainly(function, values));
  }

  private IValue plainly(String function, IValue... values) {
    String method = ScriptArchive.methodName(function);
    return recording
        ? RecordedCall.run(scripts.of(function), method, values)
        : IValueUtils.runMethod(scripts.of(function), method, values);
  }

  private <T> T guarded(String function, Supplier<T> call) {
    try {
      return call.get();
    } catch (RuntimeException e) {
      throw TorchException.of(stage, function, e);
    }
  }

  private static IValue value(String function, int position, Object argument) {
    if (argument instanceof PtNDArray array) {
      return IValue.from(array);
    } else if (argument instanceof NDList list) {
      return IValue.listFrom(list.stream().map(PtNDArray.class::cast).toArray(PtNDArray[]::new));
    } else if (argument instanceof Integer || argument instanceof Long) {
      return IValue.from(((Number) argument).longValue());
    } else if (argument instanceof Double number) {
      return IValue.from(number);
    } else if (argument instanceof Boolean flag) {
      return IValue.from(flag);
    } else if (argument instanceof String text) {
      return IValue.from(text);
    } else if (argument instanceof long[] numbers) {
      return IValue.listFrom(numbers);
    } else if (argument instanceof double[] numbers) {
      return IValue.listFrom(numbers);
    }
    throw new IllegalArgumentException(
        "argument %d of %s is %s; no script takes that type"
            .formatted(position, function, argument == null ? null : argument.getClass()));
  }
}
