package org.alphaquant.quantize;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.alphaquant.format.TensorScheme;
import org.alphaquant.gptq.Sharing;
import org.alphaquant.model.block.Linear;
import org.alphaquant.quantize.BatchQuantizer.Part;
import org.alphaquant.torch.TensorScope;

/** Quantizes linears that every token passes; those that read the same input share a Hessian. */
final class StageQuantizer implements Stages {

  // Smaller matrices are solved by all devices alike: they take longer to exchange than is saved.
  private static final long LEAST_DIVIDED = 1L << 24;

  private final BatchQuantizer batches;
  private final Rank rank;

  /**
   * @param rank this device's place in its group, whose devices divide the outputs of large
   *     matrices
   */
  StageQuantizer(BatchQuantizer batches, Rank rank) {
    this.batches = batches;
    this.rank = rank;
  }

  @Override
  public boolean wants(List<Linear> linears) {
    return linears.stream().anyMatch(linear -> batches.quantizes(linear.name()));
  }

  @Override
  public boolean asksForLargest(List<Linear> linears) {
    return linears.stream().anyMatch(linear -> batches.asksForLargest(linear.name()));
  }

  /**
   * Replaces the weights of {@code linears} by quantized ones.
   *
   * @param input of the one input they share: a batch of one
   */
  @Override
  public void take(
      TensorScope scope, List<Linear> linears, CalibratedInput input, LayerResult result) {
    Map<TensorScheme, List<Linear>> byScheme = new LinkedHashMap<>();
    linears.stream()
        .filter(linear -> batches.quantizes(linear.name()))
        .forEach(
            linear ->
                byScheme
                    .computeIfAbsent(batches.scheme(linear.name()), s -> new ArrayList<>())
                    .add(linear));
    byScheme.forEach((scheme, same) -> quantizeStacked(scope, same, input, scheme, result));
  }

  // One factorisation and one column loop serve all rows that read the same input.
  private void quantizeStacked(
      TensorScope scope,
      List<Linear> linears,
      CalibratedInput input,
      TensorScheme scheme,
      LayerResult result) {
    try (TensorScope work = scope.child("stage")) {
      NDList weights = new NDList(linears.stream().map(Linear::weight).toArray(NDArray[]::new));
      List<Part> parts = new ArrayList<>();
      long row = 0;
      for (Linear linear : linears) {
        long rows = linear.weight().getShape().get(0);
        parts.add(new Part(row, row + rows, List.of(linear.name())));
        row += rows;
      }
      NDArray stacked = work.run("tensor.stack", weights);
      Sharing sharing = stacked.size() < LEAST_DIVIDED ? Sharing.ALONE : rank;
      NDArray quantized =
          batches
              .quantize(work, stacked, input, scheme, parts, module -> null, sharing, result)
              .solution()
              .weight();
      for (int i = 0; i < linears.size(); i++) {
        Part part = parts.get(i);
        NDArray rows = work.run("tensor.rows", quantized, part.first(), part.last());
        linears.get(i).replaceWeight(work.run("tensor.element", rows, 0));
      }
    }
  }
}
