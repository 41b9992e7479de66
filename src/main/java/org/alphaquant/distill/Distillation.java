package org.alphaquant.distill;

import ai.djl.ndarray.NDArray;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.alphaquant.model.Model;
import org.alphaquant.model.block.DecoderLayer;
import org.alphaquant.quantize.QuantizationPlan;
import org.alphaquant.torch.TensorScope;

/**
 * Trains a solved model against its source (self-distillation): the loss is the Kullback-Leibler
 * divergence of the quantized model's next-token distribution from the original's, over the whole
 * vocabulary. Codes, real scales and RMSNorm weights are trained; routers are not.
 */
public final class Distillation implements AutoCloseable {

  private final TensorScope scope;
  private final QuantizationPlan plan;
  private final List<StudentLayer> layers = new ArrayList<>();
  private final TrainingStep step;
  private final DistillSettings settings;
  private final Room room;

  /**
   * How memory is used.
   *
   * @param logits bytes of logits that exist at once
   * @param targets bytes of the original model's outputs that may be kept through all epochs; if
   *     all sequences need more, they are computed in every step
   * @param recompute whether a layer's forward pass is computed again for its backward pass
   */
  public record Room(long logits, long targets, boolean recompute) {}

  /** Receives the course of the training; an exception from it ends the training. */
  public interface Observer {

    /**
     * A step is finished.
     *
     * @param done finished steps
     * @param loss mean divergence of a token before the step, in nats
     * @return whether the state is to be written; after the last step it always is
     */
    boolean step(int done, int of, double loss);

    /**
     * Layers {@code first..last-1} are trained next; the steps go on counting.
     *
     * @param predicts whether their losses are the predictions' divergence, as those of a training
     *     of all layers at once are, or the squared distance from the source's stream as a part of
     *     its square
     */
    default void window(int first, int last, boolean predicts) {}

    /** A point at which a later attempt can resume. */
    default void stateWritten() {}
  }

  /**
   * Loads both models and starts from the solutions.
   *
   * @param room memory limits of divisible work
   */
  public Distillation(TensorScope parent, SolvedModel model, DistillSettings settings, Room room) {
    this.scope = parent.child("distillation");
    this.plan = model.plan();
    this.settings = settings;
    Model original = model.original(scope);
    List<DecoderLayer> teacher =
        IntStream.range(0, model.layers()).mapToObj(i -> original.layer(scope, i)).toList();
    StudentWeights weights = model.weights(original);
    TensorScope trained = scope.recording("student");
    Model quantized = model.quantized(trained, weights);
    Student student = new Student(trained, weights, plan, model.norms());
    for (int i = 0; i < model.layers(); i++) {
      layers.add(student.layer(quantized, i));
    }
    layers.add(student.head(quantized));
    this.step =
        new TrainingStep(
            original, teacher, quantized, layers, true, settings, room.logits(), room.recompute());
    this.room = room;
  }

  /**
   * Trains, from where the state's file was written if there is one.
   *
   * @param sequences token ids [n][S]
   * @param state file from which training resumes
   */
  public void train(long[][] sequences, Path state, Observer observer) {
    Schedule schedule = new Schedule(settings, sequences.length);
    int steps = schedule.steps();
    int first = TrainingState.read(scope, state, layers);
    try (Targets targets = first < steps ? new Targets(scope, step, sequences, room) : null) {
      for (int done = first; done < steps; done++) {
        boolean due;
        try (TensorScope work = scope.child("batch")) {
          int[] chosen = schedule.sequences(done);
          NDArray ids = ids(work, sequences, chosen);
          NDArray target = targets.of(work, ids, chosen);
          NDArray entering = step.quantized().embed(work, ids);
          double loss = step.run(work, entering, target, schedule.factor(done), done + 1);
          due = observer.step(done + 1, steps, loss);
        }
        if (due || done + 1 == steps) {
          TrainingState.write(scope, state, layers, done + 1);
          observer.stateWritten();
        }
      }
    }
  }

  /** Mean divergence of a token from the original model on some sequences, in nats. */
  public double divergence(long[][] sequences) {
    try (TensorScope work = scope.child("batch")) {
      int[] all = IntStream.range(0, sequences.length).toArray();
      return step.divergence(work, ids(work, sequences, all));
    }
  }

  /**
   * Writes the trained modules and norms of every layer and the head, as the format stores them.
   */
  public DistilledFiles write(Path folder) {
    DistilledFiles.Writer writer = new DistilledFiles.Writer(scope, plan, folder);
    for (int i = 0; i < layers.size(); i++) {
      writer.write(i, layers.get(i));
    }
    return writer.files();
  }

  @Override
  public void close() {
    scope.close();
  }

  static NDArray ids(TensorScope scope, long[][] sequences, int... chosen) {
    int length = sequences[0].length;
    long[] flat = new long[chosen.length * length];
    for (int i = 0; i < chosen.length; i++) {
      System.arraycopy(sequences[chosen[i]], 0, flat, i * length, length);
    }
    return scope.longs(flat, chosen.length, length);
  }
}
