package org.alphaquant.model;

import java.util.List;
import org.alphaquant.torch.TensorScope;

/** The routed experts of one layer, in the file until loaded. */
public interface Experts {

  int count();

  /** Module names of an expert's gate, up and down linears, in this order. */
  List<String> names(int expert);

  /** Bytes that one loaded expert takes. */
  long bytesEach();

  /** Reads experts from..to-1 into a scope. */
  ExpertWeights load(TensorScope scope, int from, int to);
}
