package org.alphaquant.quantize;

import java.util.List;
import org.alphaquant.model.block.Linear;
import org.alphaquant.torch.TensorScope;

/** What is done with linears that share an input: quantizing them, or keeping their Hessian. */
interface Stages {

  /** Whether what any of these reads is to be found out. */
  boolean wants(List<Linear> linears);

  /** Whether that includes the largest value. */
  boolean asksForLargest(List<Linear> linears);

  /**
   * Takes what {@code linears} read.
   *
   * @param input of the one input they share: a batch of one
   */
  void take(TensorScope scope, List<Linear> linears, CalibratedInput input, LayerResult result);
}
