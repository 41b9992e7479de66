package org.alphaquant.model.block;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.alphaquant.torch.HalfRows;
import org.alphaquant.torch.TensorScope;
import org.alphaquant.torch.TorchDtype;

/** An affine map y = x Wᵀ + b whose weight, fp32 [out, in], can be exchanged while it is loaded. */
public final class Linear {

  private final String name;
  private final TensorScope owner;
  private final NDArray bias;
  private final InputRounding rounding;
  private NDArray weight;

  /** A linear whose inputs are not rounded. */
  public Linear(String name, TensorScope owner, NDArray weight, NDArray bias) {
    this(name, owner, weight, bias, InputRounding.NONE);
  }

  /**
   * @param name module name in the checkpoint, without {@code .weight}
   * @param owner the scope that owns the arrays
   * @param bias fp32 [out], or null
   * @param rounding how every input is rounded
   */
  public Linear(
      String name, TensorScope owner, NDArray weight, NDArray bias, InputRounding rounding) {
    this.rounding = rounding;
    this.name = Objects.requireNonNull(name);
    this.owner = Objects.requireNonNull(owner);
    this.weight = Objects.requireNonNull(weight);
    this.bias = bias;
  }

  public String name() {
    return name;
  }

  /** fp32 [out, in]. */
  public NDArray weight() {
    return weight;
  }

  /** fp32 [out], or null where the family has none. */
  public NDArray biasOrNull() {
    return bias;
  }

  /** What linears that read the same make of x [n, in], [n, out] each. */
  public static List<NDArray> applyAll(TensorScope scope, List<Linear> linears, NDArray x) {
    if (linears.stream().noneMatch(Linear::suitsHalf)) {
      return linears.stream().map(linear -> linear.exactly(scope, x)).toList();
    }
    try (TensorScope work = scope.child("linear")) {
      Optional<HalfRows> rows = HalfRows.of(work, x);
      return linears.stream()
          .map(
              linear ->
                  rows.isPresent() && linear.suitsHalf()
                      ? rows.get().times(scope, linear.weight)
                      : linear.exactly(scope, x))
          .toList();
    }
  }

  private boolean suitsHalf() {
    return bias == null && rounding.equals(InputRounding.NONE) && HalfRows.suits(weight);
  }

  /** x [..., in] to [..., out]. */
  public NDArray apply(TensorScope scope, NDArray x) {
    return applyAll(scope, List.of(this), x).get(0);
  }

  private NDArray exactly(TensorScope scope, NDArray x) {
    NDArray wide =
        x.getDataType() == DataType.FLOAT16
            ? scope.run("tensor.to_dtype", x, TorchDtype.FLOAT32.number())
            : x;
    NDArray input = rounding.apply(scope, wide);
    return bias == null
        ? scope.run("linear.apply", input, weight)
        : scope.run("linear.apply_biased", input, weight, bias);
  }

  /**
   * Replaces the weight. The array moves to the layer's scope; the old one is freed.
   *
   * @throws IllegalArgumentException if the shape differs from the old weight's
   */
  public void replaceWeight(NDArray replacement) {
    long[] shape = weight.getShape().getShape();
    long[] given = replacement.getShape().getShape();
    if (!Arrays.equals(shape, given)) {
      throw new IllegalArgumentException(
          "%s has shape %s; a weight of shape %s cannot replace it"
              .formatted(name, Arrays.toString(shape), Arrays.toString(given)));
    }
    if (replacement != weight) {
      weight.close();
      weight = owner.keep(owner, replacement);
    }
  }
}
