package org.alphaquant.scheme;

import org.alphaquant.format.NumberFormat;
import org.alphaquant.format.TensorScheme;

/** The effective fields of a module: default and overrides merged, gaps filled. */
record Effective(SchemeFields fields, Origin origin) {
  static final Effective LEFT_ALONE =
      new Effective(
          new SchemeFields(NumberFormat.BF16, null, null, null, null),
          Origin.of(SchemeFields.OPEN, Origin.BUILT_IN));

  boolean isSkipped() {
    return Boolean.TRUE.equals(fields.skip());
  }

  NumberFormat format() {
    return fields.wq() == null ? NumberFormat.INT4 : fields.wq();
  }

  int requestedGroupSize() {
    return fields.groupSize() == null ? format().defaultGroupSize() : fields.groupSize();
  }

  /**
   * With a group size that divides rows of so many inputs, where none is set and the format's own
   * does not.
   */
  Effective fittedTo(long inFeatures) {
    return fields.groupSize() != null || format().blockSize() > 0 || scheme().divides(inFeatures)
        ? this
        : new Effective(
            fields.withGroupSize(GroupSizes.largestWithin(format(), inFeatures)), origin);
  }

  TensorScheme scheme() {
    int block = format().blockSize();
    boolean symmetric = !Boolean.FALSE.equals(fields.symmetric()) || !format().canBeAsymmetric();
    NumberFormat activation = fields.aq() == null ? NumberFormat.BF16 : fields.aq();
    return new TensorScheme(
        format(), block > 0 ? block : requestedGroupSize(), symmetric, activation);
  }

  String formatPointer() {
    return Origin.pointer(origin.wq(), "wq");
  }

  String groupSizePointer() {
    return Origin.pointer(origin.groupSize(), "group_size");
  }
}
