package org.alphaquant.cuda;

import com.sun.jna.Library;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.FloatByReference;
import com.sun.jna.ptr.PointerByReference;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one product of cuBLAS that libtorch 2.7 does not offer: bfloat16 factors with a float32 sum.
 */
public final class Blas {

  private static final Logger log = LoggerFactory.getLogger(Blas.class);
  private static final int AS_IT_IS = 0;
  private static final int TRANSPOSED = 1;
  private static final int FLOAT32 = 0;
  private static final int BFLOAT16 = 14;
  private static final int SUM_IN_FLOAT32 = 68;
  private static final int ANY_ALGORITHM = -1;

  /** What is used of cuBLAS; names and arguments are NVIDIA's. */
  interface Cublas extends Library {

    int cublasCreate_v2(PointerByReference handle);

    int cublasGemmEx(
        Pointer handle,
        int transposeA,
        int transposeB,
        int m,
        int n,
        int k,
        FloatByReference alpha,
        long a,
        int typeOfA,
        int strideOfA,
        long b,
        int typeOfB,
        int strideOfB,
        FloatByReference beta,
        long c,
        int typeOfC,
        int strideOfC,
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
      int result = device.inContext(() -> cublas.cublasCreate_v2(handle));
      if (result == 0) {
        return Optional.of(new Blas(device, cublas, handle.getValue()));
      }
      log.warn("cublasCreate gave the error {}; Hessians are summed in TF32", result);
    } catch (UnsatisfiedLinkError missing) {
      log.warn("there is no cuBLAS; Hessians are summed in TF32: {}", missing.getMessage());
    }
    return Optional.empty();
  }

  /**
   * H += X^T X.
   *
   * @param x address of X, bfloat16 [rows, columns]
   * @param hessian address of H, float32 [columns, columns]
   */
  public synchronized void addGram(long x, int rows, int columns, long hessian) {
    FloatByReference one = new FloatByReference(1);
    // cuBLAS counts columns first, so X is its own transpose there.
    int result =
        device.inContext(
            () ->
                cublas.cublasGemmEx(
                    handle,
                    AS_IT_IS,
                    TRANSPOSED,
                    columns,
                    columns,
                    rows,
                    one,
                    x,
                    BFLOAT16,
                    columns,
                    x,
                    BFLOAT16,
                    columns,
                    one,
                    hessian,
                    FLOAT32,
                    columns,
                    SUM_IN_FLOAT32,
                    ANY_ALGORITHM));
    if (result != 0) {
      throw new CudaException("cublasGemmEx gave the error " + result);
    }
  }
}
