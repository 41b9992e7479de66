package org.alphaquant.architecture;

/**
 * A linear of the model, whether or not a job quantizes it.
 *
 * @param name module name, without {@code .weight}; experts stored fused are named one by one
 * @param out rows of the weight
 * @param in columns of the weight
 * @param layer index of its layer, or -1 for the head
 * @param expert index among the routed experts, or -1
 */
public record LinearDescription(
    String name, long out, long in, LinearKind kind, int layer, int expert) {

  public long parameters() {
    return out * in;
  }
}
