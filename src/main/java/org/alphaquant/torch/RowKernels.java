package org.alphaquant.torch;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import java.util.List;
import java.util.Optional;
import org.alphaquant.cuda.CudaModule;
import org.alphaquant.cuda.CudaModule.Blocks;
import org.alphaquant.cuda.CudaModule.Threads;
import org.alphaquant.cuda.CudaSource;
import org.alphaquant.cuda.KernelArguments;

/**
 * The kernels of {@code resources/cuda/rows.cu}, which round rows to 16 bits on a GPU. Arrays are
 * contiguous; rows are float32 or float16.
 */
public record RowKernels(CudaModule module) {

  // Compiled as one text, which takes less time than two.
  private static final CudaSource SOURCE =
      new CudaSource("hessian.cu", List.of("rows.cu", "hessian.cu"));
  private static final int THREADS = 256;
  private static final int WARP = 32;
  private static final int TILE = 32;
  // The largest of an array is put together from those of so many blocks.
  private static final int PARTS = 1024;

  /** Those of the scope's device; empty where there is no GPU. */
  public static Optional<RowKernels> of(TensorScope scope) {
    return scope.cuda().map(device -> new RowKernels(device.module(SOURCE, List.of())));
  }

  /** The same, also empty where an array is of a type that they do not read. */
  public static Optional<RowKernels> of(TensorScope scope, NDArray x) {
    return x.getDataType() == DataType.FLOAT32 || isHalf(x) ? of(scope) : Optional.empty();
  }

  private static boolean isHalf(NDArray x) {
    return x.getDataType() == DataType.FLOAT16;
  }

  /**
   * Where rows lie.
   *
   * @param halves whether they are float16
   * @param x address of [T, K]
   * @param index address of int64 numbers of rows, or 0
   * @param weights address of what they count, or 0
   * @param width K
   */
  public record Rows(
      CudaModule module, boolean halves, long x, long index, long weights, int width) {

    /**
     * Rows {@code start..end-1} as {@code gram.scaled} gives them: those that the index names, or
     * without one those that begin with row {@code begin}; without weights they are but shifted.
     *
     * @param shift address of the shift
     * @param into address of 16 bits [end - start, K]
     */
    public void scaled(
        long begin, long start, long end, double power, long shift, long into, boolean bfloat16) {
      module.launch(
          halves ? "scaled_halves" : "scaled_rows",
          new Blocks(Blocks.of((end - start) * WARP, THREADS), 1, 1),
          Threads.of(THREADS),
          new KernelArguments()
              .add(x)
              .add(index)
              .add(weights)
              .add(shift)
              .add(into)
              .add(width)
              .add(end - start)
              .add(start)
              .add(begin)
              .add((float) power)
              .add(bfloat16 ? 1 : 0));
    }
  }

  /**
   * Rows to scale.
   *
   * @param x [T, K]
   * @param index int64; null for rows as they lie
   * @param weights of the rows; null for rows that are but shifted
   */
  public Rows rows(TensorScope scope, NDArray x, NDArray index, NDArray weights) {
    return new Rows(
        module,
        isHalf(x),
        scope.address(x),
        index == null ? 0 : scope.address(index),
        weights == null ? 0 : scope.address(weights),
        Math.toIntExact(x.getShape().get(1)));
  }

  /**
   * Where the rows of some experts lie, each expert's in an array of its own.
   *
   * @param addresses int64 [C], of float32 [n, K] each
   * @param bounds int64, where the pairs of each expert begin and the last one's end
   * @param first number of the first one in them
   * @param indexOrNull int64, of each pair its row among those of its expert; null for all in order
   * @param weights what pairs count, to the power {@code power}
   * @param shifts of each expert, [C]
   */
  public record ExpertRows(
      NDArray addresses,
      NDArray bounds,
      int first,
      NDArray indexOrNull,
      NDArray weights,
      double power,
      NDArray shifts,
      int width) {}

  /**
   * Pairs {@code start..end-1} as {@code gram.scaled} gives them.
   *
   * @param into address of 16 bits [end - start, K]
   */
  public void scaled(
      TensorScope scope, ExpertRows rows, long start, long end, long into, boolean bfloat16) {
    module.launch(
        "scaled_rows_of_experts",
        new Blocks(Blocks.of((end - start) * WARP, THREADS), 1, 1),
        Threads.of(THREADS),
        new KernelArguments()
            .add(scope.address(rows.addresses))
            .add(scope.address(rows.bounds))
            .add(rows.first)
            .add(Math.toIntExact(rows.addresses.size()))
            .add(rows.indexOrNull == null ? 0 : scope.address(rows.indexOrNull))
            .add(scope.address(rows.weights))
            .add(scope.address(rows.shifts))
            .add(into)
            .add(rows.width)
            .add(end - start)
            .add(start)
            .add((float) rows.power)
            .add(bfloat16 ? 1 : 0));
  }

  /**
   * What rows are multiplied with to come into range.
   *
   * @param array it comes first
   * @param address of it
   */
  public record Shift(NDArray array, long address) {

    /** Address of what products are multiplied with and of what is kept of their sum. */
    public long factors() {
      return address + Float.BYTES;
    }
  }

  /**
   * {@code gram.shift} of rows, and {@code gram.factors} of it.
   *
   * @param x [n, K]
   * @param weights what the rows count, [n]
   */
  public Shift gram(TensorScope scope, NDArray x, NDArray weights, boolean bfloat16) {
    return shift(scope, x, scope.address(weights), weights.size(), 0, bfloat16);
  }

  /** {@code gram.plain_shift} of the left factor of products. */
  public Shift left(TensorScope scope, NDArray x) {
    return shift(scope, x, 0, 0, 0, false);
  }

  /** The same of the right factor, and {@code gram.product_factors}. */
  public Shift right(TensorScope scope, NDArray x, Shift left) {
    return shift(scope, x, 0, 0, left.address, false);
  }

  private Shift shift(
      TensorScope scope, NDArray x, long weights, long count, long other, boolean bfloat16) {
    NDArray room = scope.run("tensor.room", x, 1, 3 + 2 * PARTS);
    Shift shift = new Shift(room, scope.address(room));
    long parts = shift.address + 3L * Float.BYTES;
    module.launch(
        isHalf(x) ? "largest_parts_of_halves" : "largest_parts",
        new Blocks(PARTS, 1, 1),
        Threads.of(THREADS),
        new KernelArguments()
            .add(scope.address(x))
            .add(x.size())
            .add(weights)
            .add(count)
            .add(1f)
            .add(parts));
    module.launch(
        "rows_shift",
        new Blocks(1, 1, 1),
        Threads.of(THREADS),
        new KernelArguments()
            .add(parts)
            .add(PARTS)
            .add(other)
            .add(shift.address)
            .add(bfloat16 ? 1 : 0));
    return shift;
  }

  /**
   * Makes matrices symmetric of which only blocks on and below the diagonal are known.
   *
   * @param matrices address of float32 [count, width, width]
   * @param panel rows of a block, a multiple of 32
   */
  public void mirror(long matrices, int count, int width, int panel) {
    long tiles = Blocks.of(width, TILE);
    module.launch(
        "mirror",
        new Blocks(tiles, tiles, count),
        new Threads(TILE, THREADS / TILE, 0),
        new KernelArguments().add(matrices).add(width).add(panel));
  }

  /**
   * Heads in float16, [B, heads, S, D].
   *
   * @param y projections, float32 [B*S, heads*D]
   * @param normOrNull weight of their RMSNorm
   * @param table of the rotation, [2, S, d/2]
   * @param most [1], raised to their largest absolute number
   */
  public NDArray heads(
      TensorScope scope,
      NDArray y,
      NDArray normOrNull,
      double epsilon,
      NDArray table,
      long heads,
      boolean interleaved,
      NDArray most) {
    long length = table.getShape().get(1);
    long rows = y.getShape().get(0);
    long[] shape = {rows / length, heads, length, y.getShape().get(1) / heads};
    NDArray out = scope.run("attention.half_heads", y, shape);
    module.launch(
        "turned_heads",
        new Blocks(Blocks.of(rows * WARP, THREADS), 1, 1),
        Threads.of(THREADS),
        new KernelArguments()
            .add(scope.address(y))
            .add(normOrNull == null ? 0 : scope.address(normOrNull))
            .add((float) epsilon)
            .add(table.size() == 0 ? 0 : scope.address(table))
            .add(scope.address(out))
            .add(scope.address(most))
            .add(rows)
            .add(Math.toIntExact(heads))
            .add(Math.toIntExact(shape[3]))
            .add(length)
            .add(Math.toIntExact(table.getShape().get(2)))
            .add(interleaved ? 1 : 0));
    return out;
  }
}
