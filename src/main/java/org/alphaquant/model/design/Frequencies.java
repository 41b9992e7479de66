package org.alphaquant.model.design;

import ai.djl.ndarray.NDArray;
import org.alphaquant.torch.TensorScope;

/** How fast each pair of dimensions turns with position. */
interface Frequencies {

  /** Radians per position, fp32 [width/2], for sequences of a length. */
  NDArray compute(TensorScope scope, long width, long length);

  /** Factor on cos and sin, for sequences of a length. */
  default double attentionFactor(long length) {
    return 1;
  }

  /** theta^(-2i/width). */
  record Plain(double theta) implements Frequencies {
    @Override
    public NDArray compute(TensorScope scope, long width, long length) {
      return scope.run("rope.default_frequencies", width, theta);
    }
  }

  record Linear(double theta, double factor) implements Frequencies {
    @Override
    public NDArray compute(TensorScope scope, long width, long length) {
      return scope.run("rope.linear_frequencies", width, theta, factor);
    }
  }

  /** Beyond the trained positions theta grows with the length. */
  record Dynamic(double theta, double factor, long positions) implements Frequencies {
    @Override
    public NDArray compute(TensorScope scope, long width, long length) {
      double stretch = factor * Math.max(length, positions) / positions - (factor - 1);
      double grown = theta * Math.pow(stretch, (double) width / (width - 2));
      return scope.run("rope.default_frequencies", width, grown);
    }
  }

  /** As slow as those of a whole head; pairs beyond {@code turned} do not turn (Gemma 4). */
  record Proportional(double theta, long turned, double factor) implements Frequencies {
    @Override
    public NDArray compute(TensorScope scope, long width, long length) {
      return scope.run("rope.proportional_frequencies", width, theta, turned, factor);
    }
  }

  record Llama3(double theta, double factor, double low, double high, double positions)
      implements Frequencies {
    @Override
    public NDArray compute(TensorScope scope, long width, long length) {
      return scope.run("rope.llama3_frequencies", width, theta, factor, low, high, positions);
    }
  }
}
