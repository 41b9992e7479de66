package org.alphaquant.model;

import java.util.List;
import org.alphaquant.torch.TensorScope;

/** The routed experts of one layer, in the file until loaded. */
public interface Experts {

  int count();

  /** Module names of an expert's gate, up and down linears, in this order. */
  List<String> names(int expert);

  /** What is done to the input of an expert's gate and up (0) or down (2). */
  InputRounding input(int expert, int projection);

  /** Bytes that one loaded expert takes. */
  long bytesEach();

  /** Reads experts from..to-1 into a scope. */
  ExpertWeights load(TensorScope scope, int from, int to);
}
