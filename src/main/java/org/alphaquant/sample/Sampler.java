package org.alphaquant.sample;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.alphaquant.model.Model;
import org.alphaquant.model.block.DecoderLayer;
import org.alphaquant.model.block.Linear;
import org.alphaquant.torch.TensorScope;

/**
 * Writes sequences by ancestral sampling: each next token is drawn from the model's own
 * distribution. Every sequence has a random generator of its own, so that what it becomes does not
 * depend on the batch it is written in but for the rounding of the forward pass.
 */
public final class Sampler implements AutoCloseable {

  private static final int AT_ONCE_ON_HOST = 64;
  private static final int AT_ONCE_ON_DEVICE = 2048;

  private final TensorScope scope;
  private final Model model;
  private final List<DecoderLayer> layers;

  /** Receives the progress of the writing; an exception from it ends the writing. */
  public interface Observer {

    /** So many of all tokens of all sequences are there. */
    void tokens(long done, long of);
  }

  /** Loads all layers of a model. */
  public Sampler(TensorScope parent, Model model) {
    this.scope = parent.child("sampling");
    this.model = model;
    this.layers =
        IntStream.range(0, model.description().layers())
            .mapToObj(i -> model.layer(scope, i))
            .toList();
  }

  /** Whether keys and values are cached for sequences of this length. */
  public boolean isCached(long length) {
    return Continuation.cacheable(layers, length);
  }

  /**
   * How many sequences to write together: some on a host, as many as half of the free memory has
   * room for on a device.
   *
   * @param length tokens of a sequence
   * @param free bytes of the device; empty on a host
   */
  public int atOnce(int length, OptionalLong free) {
    if (free.isEmpty()) {
      return AT_ONCE_ON_HOST;
    }
    long widths =
        layers.stream()
            .flatMap(layer -> layer.attention().stages().stream())
            .mapToLong(stage -> stage.stream().mapToLong(Sampler::outputs).sum())
            .sum();
    long bytes =
        Float.BYTES * length * widths + Double.BYTES * 3 * model.description().vocabulary();
    return (int) Math.max(1, Math.min(AT_ONCE_ON_DEVICE, free.getAsLong() / 2 / bytes));
  }

  private static long outputs(Linear linear) {
    return linear.weight().getShape().get(0);
  }

  /**
   * Writes all sequences of a request.
   *
   * @param texts token ids of real text, each of at least the prompt's length; every sequence
   *     begins like one of them, drawn at random
   * @param atOnce sequences to write together, which bounds the memory
   * @return {@code [sequences][length]} token ids
   */
  public long[][] write(SampleRequest request, long[][] texts, int atOnce, Observer observer) {
    long[][] written = new long[request.sequences()][];
    for (int first = 0; first < written.length; first += atOnce) {
      int count = Math.min(atOnce, written.length - first);
      System.arraycopy(write(request, texts, first, count, observer), 0, written, first, count);
    }
    return written;
  }

  /** Writes sequences {@code first..first+count-1} of a request together. */
  public long[][] write(
      SampleRequest request, long[][] texts, int first, int count, Observer observer) {
    SplittableRandom[] random = new SplittableRandom[count];
    long[][] prompts = new long[count][];
    for (int i = 0; i < count; i++) {
      random[i] = random(request.seed(), first + i);
      prompts[i] = prompt(request, texts[random[i].nextInt(texts.length)], random[i]);
    }
    try (TensorScope work = scope.child("batch");
        Continuation sequences =
            new Continuation(
                work, model, layers, request.length(), Continuation.StreamObserver.NONE)) {
      NDArray ids = column(work, prompts, 0, request.prompt());
      NDList parts = new NDList(ids);
      for (int length = request.prompt(); length < request.length(); length++) {
        observer.tokens(
            (long) first * request.length() + (long) count * length,
            (long) request.sequences() * request.length());
        ids = next(work, sequences, ids, random, request.temperature());
        if (length < request.longest()) {
          ids = work.run("sample.given", ids, column(work, prompts, length, length + 1));
        }
        parts.add(ids);
      }
      return rows(work.toLongs(work.run("tensor.side_by_side", parts)), request.length());
    }
  }

  /**
   * The same under an expert-balance term, for models with experts whose attention can go on from a
   * cache. What a sequence becomes depends on the others that are written with it.
   *
   * @param shares what part of a layer's choices each expert is to have, by layer; even where a
   *     layer has none
   */
  public long[][] writeBalanced(
      SampleRequest request,
      Balance balance,
      Map<Integer, double[]> shares,
      long[][] texts,
      int first,
      int count,
      Observer observer) {
    SplittableRandom[] random = new SplittableRandom[count];
    long[][] prompts = new long[count][];
    for (int i = 0; i < count; i++) {
      random[i] = random(request.seed(), first + i);
      prompts[i] = Arrays.copyOf(texts[random[i].nextInt(texts.length)], request.prompt());
    }
    try (BalancedBatch batch =
        new BalancedBatch(scope, model, layers, balance, shares, prompts, request.length())) {
      for (int length = request.prompt(); length < request.length(); length++) {
        observer.tokens(
            (long) first * request.length() + (long) count * length,
            (long) request.sequences() * request.length());
        batch.next(random, request.temperature());
      }
      return batch.best();
    }
  }

  private static NDArray next(
      TensorScope work,
      Continuation sequences,
      NDArray ids,
      SplittableRandom[] random,
      double temperature) {
    try (TensorScope step = work.child("token")) {
      float[] uniform = new float[random.length];
      for (int i = 0; i < uniform.length; i++) {
        uniform[i] = (float) random[i].nextDouble();
      }
      NDArray logits = sequences.next(step, ids);
      NDArray drawn = step.floats(uniform, uniform.length);
      return step.keep(work, step.run("sample.draw", logits, drawn, temperature));
    }
  }

  // As many tokens from any place of a real text as are drawn.
  private static long[] prompt(SampleRequest request, long[] text, SplittableRandom random) {
    if (request.longest() == request.prompt()) {
      return Arrays.copyOf(text, request.prompt());
    }
    int count = random.nextInt(request.prompt(), request.longest() + 1);
    int from = random.nextInt(text.length - count + 1);
    return Arrays.copyOfRange(text, from, from + count);
  }

  // Tokens first..last-1 of each sequence, [B, n]; -1 where its real text has ended.
  private static NDArray column(TensorScope work, long[][] prompts, int first, int last) {
    long[] tokens = new long[prompts.length * (last - first)];
    for (int i = 0; i < tokens.length; i++) {
      long[] prompt = prompts[i / (last - first)];
      int place = first + i % (last - first);
      tokens[i] = place < prompt.length ? prompt[place] : -1;
    }
    return work.longs(tokens, prompts.length, last - first);
  }

  private static SplittableRandom random(long seed, int sequence) {
    return new SplittableRandom(new SplittableRandom(seed).nextLong() + sequence);
  }

  private static long[][] rows(long[] flat, int length) {
    long[][] rows = new long[flat.length / length][length];
    for (int i = 0; i < rows.length; i++) {
      System.arraycopy(flat, i * length, rows[i], 0, length);
    }
    return rows;
  }

  @Override
  public void close() {
    scope.close();
  }
}
