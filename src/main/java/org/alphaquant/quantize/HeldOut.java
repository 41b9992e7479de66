package org.alphaquant.quantize;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.alphaquant.job.GptqRequest;
import org.alphaquant.model.block.Dispatch;
import org.alphaquant.torch.TensorScope;

/**
 * The calibration sequences whose part of every Hessian is known by itself, so that settings can be
 * chosen by the error on tokens that a trial was not solved on: whole sequences, as the tokens of
 * one depend on each other.
 *
 * @param length tokens of a sequence
 * @param first number of this device's first sequence among all
 */
record HeldOut(long length, long first) {

  private static final int EVERY = 8;

  /** Empty where nothing is chosen, or where there are too few sequences to choose by. */
  static Optional<HeldOut> of(QuantizationPlan plan, Rank rank) {
    int count = plan.samples().length;
    return plan.gptq().tries() && !plan.nearest() && count >= GptqRequest.LEAST_HELD_OUT
        ? Optional.of(new HeldOut(plan.samples()[0].length, rank.begin(count)))
        : Optional.empty();
  }

  /** The same of all devices' sequences, one device's after the other's. */
  HeldOut ofAll() {
    return new HeldOut(length, 0);
  }

  /** Rows {@code from..to-1} of some that are all of one sequence after the other. */
  record Run(long from, long to) {}

  /**
   * Which of {@code count} rows are held out.
   *
   * @param start number of the first one's token on this device
   */
  List<Run> runs(long start, long count) {
    List<Run> runs = new ArrayList<>();
    for (long sequence = start / length; sequence * length < start + count; sequence++) {
      if ((sequence + first) % EVERY == EVERY - 1) {
        long from = Math.max(start, sequence * length) - start;
        runs.add(new Run(from, Math.min(start + count, (sequence + 1) * length) - start));
      }
    }
    return runs;
  }

  /**
   * Adds what some rows add to a Hessian, of those that are held out.
   *
   * @param rows [n, K], of tokens that follow each other
   * @param weights what they count, [n]
   * @param start number of the first one's token on this device
   */
  void accumulate(TensorScope parent, NDArray hessian, NDArray rows, NDArray weights, long start) {
    try (TensorScope scope = parent.child("held out")) {
      NDList own = scope.runAll("held_out.rows", rows, weights, start, length, first, EVERY);
      if (own.get(0).getShape().get(0) > 0) {
        LayerQuantizer.addByScript(scope, hessian, own.get(0), own.get(1));
      }
    }
  }

  /**
   * Those of a layer's (token, slot) pairs.
   *
   * @param bounds its offsets on the device
   * @param places int64, of each its place among all pairs of its expert
   */
  record Pairs(Dispatch dispatch, NDArray bounds, NDArray places) {}

  /** Those of all. */
  Pairs of(TensorScope scope, Dispatch all) {
    NDList own =
        scope.runAll(
            "held_out.pairs", all.rows(), all.weights(), all.offsets(), length, first, EVERY);
    Dispatch dispatch = new Dispatch(own.get(0), own.get(1), scope.toLongs(own.get(2)));
    return new Pairs(dispatch, own.get(2), own.get(3));
  }
}
