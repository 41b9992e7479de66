package org.alphaquant.gptq;

import ai.djl.ndarray.NDList;
import org.alphaquant.torch.TensorScope;

/**
 * How devices that all have the same problem solve it together: each takes its part of some things
 * that do not depend on each other, and all get all parts.
 */
public interface Sharing {

  /** By itself. */
  Sharing ALONE =
      new Sharing() {
        @Override
        public int begin(int count) {
          return 0;
        }

        @Override
        public int end(int count) {
          return count;
        }

        @Override
        public float[] joined(float... own) {
          return own;
        }

        @Override
        public NDList joinedOutputs(TensorScope scope, NDList own) {
          return own;
        }
      };

  /** The first index of this device's part of {@code count} things. */
  int begin(int count);

  /** The exclusive end of it. */
  int end(int count);

  /** The numbers of all, one device's after the other's. */
  float[] joined(float... own);

  /** Arrays of all outputs [B, R, ...], of which this device has {@code own [B, r, ...]}. */
  NDList joinedOutputs(TensorScope scope, NDList own);

  /** Whether this device has but a part of {@code count} things. */
  default boolean divides(int count) {
    return end(count) - begin(count) < count;
  }
}
