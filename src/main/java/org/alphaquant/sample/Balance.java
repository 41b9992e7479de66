package org.alphaquant.sample;

/**
 * How text is written so that it uses a model's experts evenly (expert-balanced self-sampling of
 * MoEQuant, arXiv 2505.03804, section 3.2): a beam search by probability and balance.
 *
 * @param beams continuations of a sequence that are kept, at least 2
 * @param candidates tokens that are drawn for each of them, at least 2
 * @param weight of the imbalance beside the mean logarithm of a token's probability
 */
public record Balance(int beams, int candidates, double weight) {

  /** What is usual; a weight of 1 leaves trained models' experts as uneven as drawn text does. */
  public static final Balance USUAL = new Balance(4, 4, 16);

  public Balance {
    if (beams < 2 || candidates < 2 || !(weight > 0)) {
      throw new IllegalArgumentException(
          "%d beams of %d candidates with a weight of %s; they must be at least 2, at least 2 and above 0"
              .formatted(beams, candidates, weight));
    }
  }
}
