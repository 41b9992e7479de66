package org.alphaquant.distill;

import ai.djl.ndarray.NDArray;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.alphaquant.model.Model;
import org.alphaquant.model.block.DecoderLayer;
import org.alphaquant.torch.TensorScope;

/**
 * Trains a solved model against its source where not all of it fits: some layers at a time, from
 * the first on. A window reads what the trained layers before it give, and its target is the
 * source's own stream behind it, so that it also mends what those have left; the last window, which
 * has the head, is trained on the divergence of the predictions. Between windows the streams of all
 * sequences lie in files.
 */
public final class WindowedDistillation implements AutoCloseable {

  private final TensorScope scope;
  private final SolvedModel model;
  private final DistillSettings settings;
  private final Distillation.Room room;
  private final int window;
  private final Model original;
  private final Model quantized;
  private final StudentWeights weights;

  /**
   * Loads what all windows share.
   *
   * @param room memory limits of divisible work
   * @param window layers in training at a time
   */
  public WindowedDistillation(
      TensorScope parent,
      SolvedModel model,
      DistillSettings settings,
      Distillation.Room room,
      int window) {
    this.scope = parent.child("distillation");
    this.model = model;
    this.settings = settings;
    this.room = room;
    this.window = window;
    this.original = model.original(scope);
    this.weights = model.weights(original);
    this.quantized = model.quantized(scope.recording("head"), weights);
  }

  /** Layers {@code first..last-1}, {@code number} windows after the first. */
  private record Window(int number, int first, int last) {}

  /**
   * Trains, from where the states' files were written if there are any.
   *
   * @param sequences token ids [n][S]
   * @param files gives the place of a file by its name: of each window's state, which is kept when
   *     the window is done, and of the streams
   * @param results folder of what is trained
   */
  public DistilledFiles train(
      long[][] sequences,
      Function<String, Path> files,
      Path results,
      Distillation.Observer observer) {
    int length = sequences[0].length;
    long hidden = model.description().hidden();
    DistilledFiles.Writer writer = new DistilledFiles.Writer(scope, model.plan(), results);
    try (SequenceStream entering =
            new SequenceStream(files.apply("distill-stream"), sequences.length, length, hidden);
        SequenceStream target =
            new SequenceStream(files.apply("distill-target"), sequences.length, length, hidden)) {
      embed(sequences, quantized, entering);
      embed(sequences, original, target);
      for (Window next : windows()) {
        advanceOriginal(next, target);
        observer.window(next.first(), next.last(), isLast(next));
        Path state = files.apply("distill-state-%05d.safetensors".formatted(next.first()));
        train(next, sequences.length, entering, target, state, writer, observer);
      }
    }
    return writer.files();
  }

  private List<Window> windows() {
    List<Window> windows = new ArrayList<>();
    for (int first = 0; first < model.layers(); first += window) {
      int last = Math.min(model.layers(), first + window);
      windows.add(new Window(windows.size(), first, last));
    }
    return windows;
  }

  private boolean isLast(Window one) {
    return one.last() == model.layers();
  }

  private void embed(long[][] sequences, Model model, SequenceStream stream) {
    for (int first = 0; first < sequences.length; first += settings.batch()) {
      int last = Math.min(sequences.length, first + settings.batch());
      int[] chosen = IntStream.range(first, last).toArray();
      try (TensorScope work = scope.child("embedding")) {
        NDArray ids = Distillation.ids(work, sequences, chosen);
        stream.write(work, first, work.run("distill.copied", model.embed(work, ids)));
      }
    }
  }

  private void advanceOriginal(Window next, SequenceStream target) {
    for (int i = next.first(); i < next.last(); i++) {
      try (TensorScope loading = scope.child("source layer " + i)) {
        DecoderLayer layer = original.layer(loading, i);
        target.advance(loading, settings.batch(), layer::forward);
      }
    }
  }

  private void train(
      Window next,
      int sequences,
      SequenceStream entering,
      SequenceStream target,
      Path state,
      DistilledFiles.Writer writer,
      Distillation.Observer observer) {
    try (TensorScope own = scope.recording("layers from " + next.first())) {
      List<StudentLayer> layers = layers(own, next);
      train(own, next, layers, sequences, entering, target, state, observer);
      for (int i = 0; i < layers.size(); i++) {
        writer.write(next.first() + i, layers.get(i));
        if (!isLast(next)) {
          StudentLayer layer = layers.get(i);
          entering.advance(scope, settings.batch(), (work, x) -> layer.forward().apply(work, x));
        }
      }
    }
  }

  private List<StudentLayer> layers(TensorScope own, Window next) {
    Student student = new Student(own, weights, model.plan(), model.norms());
    List<StudentLayer> layers = new ArrayList<>();
    for (int i = next.first(); i < next.last(); i++) {
      layers.add(student.layer(quantized, i));
    }
    if (isLast(next)) {
      layers.add(student.head(quantized));
    }
    return layers;
  }

  private void train(
      TensorScope own,
      Window next,
      List<StudentLayer> layers,
      int sequences,
      SequenceStream entering,
      SequenceStream target,
      Path state,
      Distillation.Observer observer) {
    Schedule schedule = new Schedule(settings, sequences);
    int steps = schedule.steps();
    int all = steps * windows().size();
    TrainingStep step =
        new TrainingStep(
            original,
            List.of(),
            quantized,
            layers,
            isLast(next),
            settings,
            room.logits(),
            room.recompute());
    for (int done = TrainingState.read(own, state, layers); done < steps; done++) {
      boolean due;
      try (TensorScope work = scope.child("batch")) {
        int[] chosen = schedule.sequences(done);
        NDArray x = entering.read(work, chosen);
        NDArray wanted = target.read(work, chosen);
        double loss = step.run(work, x, wanted, schedule.factor(done), done + 1);
        due = observer.step(next.number() * steps + done + 1, all, loss);
      }
      if (due || done + 1 == steps) {
        TrainingState.write(own, state, layers, done + 1);
        observer.stateWritten();
      }
    }
  }

  @Override
  public void close() {
    scope.close();
  }
}
