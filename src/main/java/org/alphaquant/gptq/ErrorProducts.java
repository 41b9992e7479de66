package org.alphaquant.gptq;

import static org.alphaquant.gptq.Transposed.batch;
import static org.alphaquant.gptq.Transposed.inputs;
import static org.alphaquant.gptq.Transposed.rows;

import ai.djl.ndarray.NDArray;
import java.util.Optional;
import org.alphaquant.cuda.Blas;
import org.alphaquant.cuda.CudaModule;
import org.alphaquant.cuda.CudaModule.Blocks;
import org.alphaquant.cuda.CudaModule.Threads;
import org.alphaquant.cuda.KernelArguments;
import org.alphaquant.torch.TensorScope;

/**
 * H E of errors E = W - Q [B, K, R], of one element after the other. Where products are rounded to
 * TF32 the factors are float16, whose significand is as long, once powers of two have brought them
 * into its range: that takes half the time and half the memory.
 */
final class ErrorProducts {

  // Below that a library has too little to do.
  private static final int FEWEST_ROWS = 256;

  private final CudaModule module;
  private final Optional<Blas> blas;
  private final NDArray shift;

  /**
   * @param products whether they are rounded
   * @param weight W [B, R, K] as it is stored
   */
  ErrorProducts(TensorScope scope, Products products, NDArray weight) {
    this.module = products.module();
    boolean fits = weight.getShape().get(2) % 8 == 0 && weight.getShape().get(1) % 8 == 0;
    boolean rounds = products.reduced() && fits && weight.getShape().get(1) >= FEWEST_ROWS;
    this.blas = rounds ? products.blas() : Optional.empty();
    this.shift = blas.isPresent() ? scope.run("fused.error_shift", weight) : null;
  }

  /**
   * H as it is multiplied.
   *
   * @param factors what a product counts and what it is added to, or null
   */
  record Matrix(NDArray numbers, NDArray factors) {

    /** Gives up what was made of it. */
    void close(NDArray hessian) {
      if (numbers != hessian) {
        numbers.close();
      }
    }
  }

  Matrix matrix(TensorScope scope, NDArray hessian) {
    if (blas.isEmpty()) {
      return new Matrix(hessian, null);
    }
    NDArray own = scope.run("fused.hessian_shift", hessian);
    NDArray numbers = halves(scope, hessian, 0, own);
    return new Matrix(numbers, scope.run("gram.product_factors", own, shift));
  }

  /** W - Q, or W where Q is null, as it is multiplied: an array of its own. */
  NDArray errors(TensorScope scope, NDArray weight, NDArray quantized) {
    if (blas.isPresent()) {
      return halves(scope, weight, quantized == null ? 0 : scope.address(quantized), shift);
    }
    return quantized == null
        ? scope.run("fused.copied", weight)
        : scope.run("fused.difference", weight, quantized);
  }

  /** H (W - Q), float32 [B, K, R]. */
  NDArray residual(TensorScope scope, Matrix matrix, NDArray weight, NDArray quantized) {
    NDArray errors = errors(scope, weight, quantized);
    NDArray residual = product(scope, matrix, errors);
    errors.close();
    return residual;
  }

  /**
   * eᵀ H e of each output of errors, which are used up.
   *
   * @param sums [B, R], of which those of n outputs from {@code first} on are written
   */
  void sums(TensorScope scope, Matrix matrix, NDArray errors, NDArray sums, long first) {
    NDArray product = product(scope, matrix, errors);
    module.launch(
        "sums_of_outputs",
        new Blocks(Blocks.of(rows(errors), 128), batch(errors), 1),
        new Threads(128, 4, 0),
        new KernelArguments()
            .add(scope.address(errors))
            .add(shift(scope))
            .add(scope.address(product))
            .add(scope.address(sums))
            .add(inputs(errors))
            .add(rows(errors))
            .add(Math.toIntExact(sums.getShape().get(1)))
            .add(Math.toIntExact(first)));
    product.close();
    errors.close();
  }

  /** Room for errors of W [B, K, R]. */
  NDArray room(TensorScope scope, NDArray weight) {
    return scope.run(blas.isPresent() ? "fused.empty_halves" : "fused.empty_weights", weight);
  }

  /** Where what errors are multiplied with is; 0 where they are float32. */
  long shift(TensorScope scope) {
    return shift == null ? 0 : scope.address(shift);
  }

  private NDArray product(TensorScope scope, Matrix matrix, NDArray errors) {
    if (blas.isEmpty()) {
      return scope.run("matrices.product", matrix.numbers, errors);
    }
    NDArray product = scope.run("fused.empty_floats", errors);
    long factors = scope.address(matrix.factors);
    long h = scope.address(matrix.numbers);
    long e = scope.address(errors);
    long to = scope.address(product);
    long k = inputs(errors);
    long r = rows(errors);
    for (long b = 0; b < batch(errors); b++) {
      blas.get()
          .multiplyAsItIs(
              new Blas.Rows(h + b * k * k * Short.BYTES, false, (int) k, (int) k, factors),
              e + b * k * r * Short.BYTES,
              (int) r,
              to + b * k * r * Float.BYTES);
    }
    return product;
  }

  private NDArray halves(TensorScope scope, NDArray x, long subtracted, NDArray by) {
    NDArray halves = scope.run("fused.empty_halves", x);
    module.launch(
        "halves",
        new Blocks(Blocks.of(x.size(), 1024), 1, 1),
        Threads.of(256),
        new KernelArguments()
            .add(scope.address(x))
            .add(subtracted)
            .add(scope.address(by))
            .add(scope.address(halves))
            .add(x.size()));
    return halves;
  }
}
