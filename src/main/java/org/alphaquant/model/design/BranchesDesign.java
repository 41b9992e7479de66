package org.alphaquant.model.design;

import java.util.Optional;
import java.util.stream.Stream;
import org.alphaquant.model.block.Branches;
import org.alphaquant.model.block.WeightReader;

/**
 * {@link Branches} before they are loaded.
 *
 * @param beforeShared norm whose weight the shared expert's input is multiplied with
 * @param beforeExperts the same of the routed experts
 * @param scoresScaleInputs whether a score multiplies what an expert reads
 */
public record BranchesDesign(
    Optional<NormDesign> beforeShared,
    Optional<NormDesign> beforeExperts,
    Optional<NormDesign> afterShared,
    Optional<NormDesign> afterExperts,
    boolean scoresScaleInputs) {

  /** All read the block's input, and their outputs are added. */
  public static final BranchesDesign NONE =
      new BranchesDesign(
          Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty(), false);

  /** Experts whose inputs are scaled by their scores. */
  public static final BranchesDesign SCALED_INPUTS =
      new BranchesDesign(
          Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty(), true);

  void outline(Outline outline) {
    Stream.of(beforeShared, beforeExperts, afterShared, afterExperts)
        .flatMap(Optional::stream)
        .forEach(norm -> norm.outline(outline));
  }

  Branches load(WeightReader reader) {
    return new Branches(
        beforeShared.map(norm -> norm.load(reader).weight()),
        beforeExperts.map(norm -> norm.load(reader).weight()),
        afterShared.map(norm -> norm.load(reader)),
        afterExperts.map(norm -> norm.load(reader)),
        scoresScaleInputs);
  }
}
