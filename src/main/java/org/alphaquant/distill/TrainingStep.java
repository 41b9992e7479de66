package org.alphaquant.distill;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import java.util.ArrayList;
import java.util.List;
import org.alphaquant.model.Model;
import org.alphaquant.model.block.DecoderLayer;
import org.alphaquant.torch.TensorScope;

/**
 * One step: the forward pass of the layers in training, how far its output is from the original
 * model's, and the backward pass layer by layer, each layer updated before the next. With the head
 * in training the loss is the divergence of the predictions, without it the distance of the
 * streams.
 *
 * @param teacher the original model's layers; none where targets are known
 * @param student the layers in training, the head last if it is among them
 * @param predicts whether it is
 * @param logitsBytes bytes of logits that exist at once
 * @param recompute whether a layer's forward pass is computed again for its backward pass, so that
 *     one layer's record is in memory at a time
 */
record TrainingStep(
    Model original,
    List<DecoderLayer> teacher,
    Model quantized,
    List<StudentLayer> student,
    boolean predicts,
    DistillSettings settings,
    long logitsBytes,
    boolean recompute) {

  // Student's and teacher's logits and log-probabilities, and their gradients.
  private static final int LOGITS_COPIES = 8;

  /**
   * Executes the step.
   *
   * @param entering the stream that enters the first layer in training, [b, S, H]
   * @param target the original model's stream after the last one, [b, S, H]
   * @param factor factor on the learning rates
   * @param step counted from 1
   * @return before the step: mean divergence of a token in nats, or mean squared distance as a part
   *     of the stream's square
   */
  double run(TensorScope parent, NDArray entering, NDArray target, double factor, int step) {
    try (TensorScope scope = parent.child("step")) {
      List<Pass> passes = new ArrayList<>();
      NDArray x = entering;
      for (StudentLayer layer : layers()) {
        Pass pass = forward(scope, layer, x);
        passes.add(pass);
        x = pass.y();
      }
      NDList found =
          predicts ? head(scope, x, target) : scope.runAll("distill.stream_error", x, target);
      if (predicts) {
        StudentLayer head = student.get(student.size() - 1);
        head.move(scope, new NDList(found.subList(2, found.size())), settings, factor, step);
      }
      backward(scope, passes, found.get(1), factor, step);
      return found.get(0).getFloat();
    }
  }

  /** Mean divergence of a token on some sequences, in nats, without a step. */
  double divergence(TensorScope parent, NDArray ids) {
    try (TensorScope scope = parent.child("divergence")) {
      NDArray target = target(scope, ids);
      NDArray x = quantized.embed(scope, ids);
      for (StudentLayer layer : layers()) {
        x = layer.forward().apply(scope, x);
      }
      return head(scope, x, target).get(0).getFloat();
    }
  }

  /**
   * A layer's forward pass.
   *
   * @param recording what recorded it, or null where it is to be computed again
   */
  private record Pass(TensorScope recording, NDArray x, NDArray y) {}

  private Pass forward(TensorScope scope, StudentLayer layer, NDArray x) {
    if (recompute) {
      return new Pass(null, x, layer.forward().apply(scope, x));
    }
    return recorded(scope, layer, x);
  }

  private static Pass recorded(TensorScope scope, StudentLayer layer, NDArray x) {
    TensorScope recording = scope.recording("layer");
    NDArray leaf = recording.run("gradient.leaf", x);
    return new Pass(recording, leaf, layer.forward().apply(recording, leaf));
  }

  private List<StudentLayer> layers() {
    return student.subList(0, student.size() - (predicts ? 1 : 0));
  }

  /** The original model's stream after the last layer, [b, S, H]. */
  NDArray target(TensorScope scope, NDArray ids) {
    NDArray x = original.embed(scope, ids);
    for (DecoderLayer layer : teacher) {
      x = layer.forward(scope, x);
    }
    return x;
  }

  // Mean divergence, the gradient of x [b, S, H], those of the head's leaves.
  private NDList head(TensorScope scope, NDArray x, NDArray target) {
    StudentLayer head = student.get(student.size() - 1);
    int tokens = Math.toIntExact(x.getShape().get(0) * x.getShape().get(1));
    long vocabulary = quantized.description().vocabulary();
    int rows = (int) Math.max(1, logitsBytes / (LOGITS_COPIES * Float.BYTES * vocabulary));
    NDArray loss = scope.floats(new float[1], 1);
    List<NDArray> ofRows = new ArrayList<>();
    NDList ofLeaves = new NDList();
    head.leaves().forEach(leaf -> ofLeaves.add(scope.run("tensor.zeros_like", leaf)));
    for (int first = 0; first < tokens; first += rows) {
      int end = Math.min(tokens, first + rows);
      NDList part = headRows(scope, head, x, target, first, end, tokens);
      scope.runInPlace("distill.add", loss, part.get(0));
      ofRows.add(part.get(1));
      for (int i = 0; i < ofLeaves.size(); i++) {
        scope.runInPlace("distill.add", ofLeaves.get(i), part.get(i + 2));
      }
    }
    NDList result = new NDList(loss);
    result.add(scope.run("distill.joined", new NDList(ofRows), x.getShape().getShape()));
    result.addAll(ofLeaves);
    return result;
  }

  private NDList headRows(
      TensorScope scope,
      StudentLayer head,
      NDArray x,
      NDArray target,
      int first,
      int end,
      int tokens) {
    try (TensorScope recording = scope.recording("head");
        TensorScope teaching = scope.child("target")) {
      NDArray wanted =
          original.logits(teaching, teaching.run("evaluation.rows", target, first, end));
      NDArray rows =
          recording.run("gradient.leaf", recording.run("evaluation.rows", x, first, end));
      NDArray logits = head.forward().apply(recording, rows);
      NDArray loss = recording.run("distill.divergence", logits, wanted, (double) tokens);
      NDList inputs = new NDList(rows);
      inputs.addAll(head.leaves());
      NDList result = new NDList(recording.run("distill.copied", loss));
      result.addAll(gradients(recording, loss, recording.run("distill.one", loss), inputs));
      result.forEach(array -> recording.keep(scope, array));
      return result;
    }
  }

  private void backward(
      TensorScope scope, List<Pass> passes, NDArray gradient, double factor, int step) {
    NDArray seed = gradient;
    for (int i = passes.size() - 1; i >= 0; i--) {
      StudentLayer layer = student.get(i);
      Pass made = passes.get(i);
      Pass pass = recompute ? recorded(scope, layer, made.x()) : made;
      try (TensorScope recording = pass.recording();
          TensorScope moving = scope.child("layer " + i)) {
        NDList by = new NDList(pass.x());
        by.addAll(layer.leaves());
        NDList found = gradients(recording, pass.y(), seed, by);
        layer.move(moving, new NDList(found.subList(1, found.size())), settings, factor, step);
        seed = recording.keep(scope, found.get(0));
      }
    }
  }

  private static NDList gradients(TensorScope scope, NDArray y, NDArray seed, NDList inputs) {
    return scope.runAll("gradient.of", y, seed, inputs);
  }
}
