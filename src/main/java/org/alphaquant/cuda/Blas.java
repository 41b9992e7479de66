package org.alphaquant.cuda;

import com.sun.jna.Library;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.PointerByReference;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one product of cuBLAS that libtorch 2.7 does not offer: factors of 16 bits with a float32
 * sum.
 */
public final class Blas {

  private static final Logger log = LoggerFactory.getLogger(Blas.class);
  private static final int AS_IT_IS = 0;
  private static final int TRANSPOSED = 1;
  private static final int FLOAT32 = 0;
  private static final int FLOAT16 = 2;
  private static final int BFLOAT16 = 14;
  private static final int FACTORS_ON_THE_DEVICE = 1;
  private static final int SUM_IN_FLOAT32 = 68;
  private static final int TF32 = 77;
  private static final int ANY_ALGORITHM = -1;
  // Bytes of a number of 16 bits.
  private static final long HALF = 2;

  /** What is used of cuBLAS; names and arguments are NVIDIA's. */
  interface Cublas extends Library {

    int cublasCreate_v2(PointerByReference handle);

    int cublasSetPointerMode_v2(Pointer handle, int mode);

    int cublasGemmEx(
        Pointer handle,
        int transposeA,
        int transposeB,
        int m,
        int n,
        int k,
        long alpha,
        long a,
        int typeOfA,
        int strideOfA,
        long b,
        int typeOfB,
        int strideOfB,
        long beta,
        long c,
        int typeOfC,
        int strideOfC,
        int compute,
        int algorithm);

    int cublasGemmStridedBatchedEx(
        Pointer handle,
        int transposeA,
        int transposeB,
        int m,
        int n,
        int k,
        long alpha,
        long a,
        int typeOfA,
        int strideOfA,
        long stepOfA,
        long b,
        int typeOfB,
        int strideOfB,
        long stepOfB,
        long beta,
        long c,
        int typeOfC,
        int strideOfC,
        long stepOfC,
        int batch,
        int compute,
        int algorithm);
  }

  private final CudaDevice device;
  private final Cublas cublas;
  private final Pointer handle;

  private Blas(CudaDevice device, Cublas cublas, Pointer handle) {
    this.device = device;
    this.cublas = cublas;
    this.handle = handle;
  }

  /** Empty, with one line in the log, where a libtorch for CUDA brings no cuBLAS. */
  static Optional<Blas> open(CudaDevice device) {
    try {
      Cublas cublas = SharedLibrary.load("cublas", Cublas.class);
      PointerByReference handle = new PointerByReference();
      int result = device.inContext(() -> opened(cublas, handle));
      if (result == 0) {
        return Optional.of(new Blas(device, cublas, handle.getValue()));
      }
      log.warn("cublasCreate gave the error {}; Hessians are summed in TF32", result);
    } catch (UnsatisfiedLinkError missing) {
      log.warn("there is no cuBLAS; Hessians are summed in TF32: {}", missing.getMessage());
    }
    return Optional.empty();
  }

  private static int opened(Cublas cublas, PointerByReference handle) {
    int result = cublas.cublasCreate_v2(handle);
    return result == 0
        ? cublas.cublasSetPointerMode_v2(handle.getValue(), FACTORS_ON_THE_DEVICE)
        : result;
  }

  /**
   * Rows X on the device and what their Gram matrix counts.
   *
   * @param address of X, 16 bits each, [rows, columns]
   * @param bfloat16 whether X is bfloat16, else float16
   * @param factors address of two float32 numbers: what a product is multiplied with, and what was
   *     there before
   */
  public record Rows(long address, boolean bfloat16, int rows, int columns, long factors) {}

  /**
   * H += factor X^T X, of which rows {@code from..to-1} up to the end of their own block on the
   * diagonal: H is symmetric.
   *
   * @param hessian address of H, float32 [columns, columns]
   */
  public void addGram(Rows x, int from, int to, long hessian) {
    // cuBLAS counts columns first, so X is its own transpose there.
    long rows = x.address + (long) from * HALF;
    long sum = hessian + (long) from * x.columns * Float.BYTES;
    Factor left = new Factor(AS_IT_IS, x.address, x.columns);
    multiply(
        x, left, new Factor(TRANSPOSED, rows, x.columns), to, to - from, x.rows, sum, x.columns);
  }

  /**
   * Y = factor X W^T.
   *
   * @param weights address of W [outputs, columns], of the type of X
   * @param y address of Y, float32 [rows, outputs]
   */
  public void multiply(Rows x, long weights, int outputs, long y) {
    Factor matrix = new Factor(TRANSPOSED, weights, x.columns);
    Factor rows = new Factor(AS_IT_IS, x.address, x.columns);
    multiply(x, matrix, rows, outputs, x.rows, x.columns, y, outputs);
  }

  /**
   * Y = factor X M.
   *
   * @param matrix address of M [columns, outputs], of the type of X
   * @param y address of Y, float32 [rows, outputs]
   */
  public void multiplyAsItIs(Rows x, long matrix, int outputs, long y) {
    Factor left = new Factor(AS_IT_IS, matrix, outputs);
    Factor rows = new Factor(AS_IT_IS, x.address, x.columns);
    multiply(x, left, rows, outputs, x.rows, x.columns, y, outputs);
  }

  /**
   * A batch of float32 matrices on the device.
   *
   * @param address of the first number of the first
   * @param stride from row to row
   * @param step from matrix to matrix
   */
  public record Matrices(long address, int stride, long step) {}

  /**
   * C += factor M^T D of a batch, rounded to TF32: M [depth, rows], D [depth, columns], C [rows,
   * columns].
   *
   * @param factors address of two float32 numbers: the factor, and what C is multiplied with
   */
  public synchronized void addProducts(
      Matrices m,
      Matrices d,
      Matrices c,
      int rows,
      int depth,
      int columns,
      int batch,
      long factors) {
    int result =
        device.inContext(
            () ->
                cublas.cublasGemmStridedBatchedEx(
                    handle,
                    AS_IT_IS,
                    TRANSPOSED,
                    columns,
                    rows,
                    depth,
                    factors,
                    d.address,
                    FLOAT32,
                    d.stride,
                    d.step,
                    m.address,
                    FLOAT32,
                    m.stride,
                    m.step,
                    factors + Float.BYTES,
                    c.address,
                    FLOAT32,
                    c.stride,
                    c.step,
                    batch,
                    TF32,
                    ANY_ALGORITHM));
    if (result != 0) {
      throw new CudaException("cublasGemmStridedBatchedEx gave the error " + result);
    }
  }

  private record Factor(int as, long address, int stride) {}

  // As cuBLAS counts: [m, k] and [k, n].
  private synchronized void multiply(
      Rows x, Factor left, Factor right, int m, int n, int k, long sum, int strideOfSum) {
    int type = x.bfloat16 ? BFLOAT16 : FLOAT16;
    int result =
        device.inContext(
            () ->
                cublas.cublasGemmEx(
                    handle,
                    left.as,
                    right.as,
                    m,
                    n,
                    k,
                    x.factors,
                    left.address,
                    type,
                    left.stride,
                    right.address,
                    type,
                    right.stride,
                    x.factors + Float.BYTES,
                    sum,
                    FLOAT32,
                    strideOfSum,
                    SUM_IN_FLOAT32,
                    ANY_ALGORITHM));
    if (result != 0) {
      throw new CudaException("cublasGemmEx gave the error " + result);
    }
  }
}
