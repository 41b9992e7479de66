package org.alphaquant.model.design;

import java.util.Optional;
import org.alphaquant.model.block.Residual;
import org.alphaquant.model.block.Residual.Order;
import org.alphaquant.model.block.WeightReader;

/**
 * A block's residual connection: x + factor * after(block(before(x))).
 *
 * @param before norm of the block's input; empty where the block reads the stream as it is
 * @param after norm of the block's output; mostly empty
 * @param scalar tensor [1] that the stream is multiplied with behind the block; mostly empty
 */
public record ResidualDesign(
    Order order,
    Optional<NormDesign> before,
    Optional<NormDesign> after,
    double factor,
    Optional<String> scalar) {

  public ResidualDesign {
    if (before.isEmpty() && after.isEmpty()) {
      throw new IllegalArgumentException("a block has a norm before or behind it");
    }
  }

  /** Blocks one after the other. */
  public ResidualDesign(Optional<NormDesign> before, Optional<NormDesign> after, double factor) {
    this(Order.SEQUENTIAL, before, after, factor, Optional.empty());
  }

  /** The same in another order. */
  public ResidualDesign in(Order other) {
    return new ResidualDesign(other, before, after, factor, scalar);
  }

  /** The same with a stored number [1] that the stream is multiplied with behind the block. */
  public ResidualDesign scaledBy(String tensor) {
    return new ResidualDesign(order, before, after, factor, Optional.of(tensor));
  }

  /** Width of the residual stream. */
  public long width() {
    return norm().width();
  }

  /** That of its norms. */
  public double epsilon() {
    return norm().epsilon();
  }

  private NormDesign norm() {
    return before.or(() -> after).orElseThrow();
  }

  public void outline(Outline outline) {
    before.ifPresent(norm -> norm.outline(outline));
    after.ifPresent(norm -> norm.outline(outline));
    scalar.ifPresent(tensor -> outline.tensor(tensor, 1));
  }

  public Residual load(WeightReader reader) {
    return new Residual(
        order,
        before.map(norm -> norm.load(reader)),
        after.map(norm -> norm.load(reader)),
        factor,
        scalar.map(reader::floats));
  }
}
