package org.alphaquant.scheme;

import java.util.Collection;
import java.util.stream.IntStream;
import org.alphaquant.architecture.ModuleDescription;
import org.alphaquant.architecture.ModuleKind;
import org.alphaquant.format.NumberFormat;
import org.alphaquant.format.TensorScheme;

/**
 * The group sizes of modules that nothing sets one for: the largest of the usual ones, up to the
 * format's own, that divides the rows. All experts of a model get the same, as engines join them.
 */
final class GroupSizes {
  private static final int[] USUAL = {128, 64, 32, 16};

  private final long expertRows;

  GroupSizes(Collection<ModuleDescription> modules) {
    this.expertRows =
        modules.stream()
            .filter(module -> module.kind() == ModuleKind.EXPERT)
            .mapToLong(ModuleDescription::inFeatures)
            .reduce(0, GroupSizes::commonDivisor);
  }

  /** The length that a group size of this module must divide. */
  long rows(ModuleDescription module) {
    return module.kind() == ModuleKind.EXPERT ? expertRows : module.inFeatures();
  }

  /** A whole row where none of the usual ones divides it. */
  static int largestWithin(NumberFormat format, long inFeatures) {
    return IntStream.of(USUAL)
        .filter(size -> size <= format.defaultGroupSize() && inFeatures % size == 0)
        .findFirst()
        .orElse(TensorScheme.PER_CHANNEL);
  }

  private static long commonDivisor(long a, long b) {
    return b == 0 ? a : commonDivisor(b, a % b);
  }
}
