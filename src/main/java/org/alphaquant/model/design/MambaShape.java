package org.alphaquant.model.design;

import org.alphaquant.architecture.ModelException;

/**
 * Sizes of a Mamba-2 block.
 *
 * @param width of a head
 * @param groups groups of heads that share B and C
 * @param state width of the state
 * @param kernel width of the convolution
 * @param normGroups groups of the output's norm
 */
public record MambaShape(
    long heads, long width, long groups, long state, long kernel, long normGroups) {

  public MambaShape {
    if (heads % groups != 0 || heads * width % normGroups != 0) {
      throw ModelException.config(
          "mamba_n_groups", "is " + groups + ", which does not divide " + heads + " heads");
    }
  }

  long inner() {
    return heads * width;
  }

  long convolved() {
    return inner() + 2 * groups * state;
  }
}
