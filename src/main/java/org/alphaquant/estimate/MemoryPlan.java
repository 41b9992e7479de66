package org.alphaquant.estimate;

/**
 * How a run divides its work to fit a device's memory, and how much memory that takes. The plan of
 * a job, the run and its report all use this one calculation; arrays are 32-bit floats unless said
 * otherwise.
 *
 * <p>With {@code T} tokens, hidden size {@code H}, expert width {@code M}, vocabulary {@code V} and
 * {@code W} weights of attention and dense layers, the device holds at its fullest moment one of:
 *
 * <ul>
 *   <li>attention: the residual stream {@code T H}, what the output projection reads {@code T A},
 *       the weights {@code W} and the projections of one micro-batch, or the output projection's
 *       solve;
 *   <li>a solve: the stream, {@code W}, and for a batch of linears with {@code I} inputs and {@code
 *       P} weights by scripts {@code 7 I²} (the Hessian, reordered, damped, its factor and the
 *       inverse's) and {@code 11 P} (original, working copies, scales and zero points by column,
 *       residual, result, codes); by kernels {@code 6 I²} while settings are tried (the Hessian,
 *       its held-out part and the rest, reordered, damped, factor), then at most {@code 5 I²} and
 *       {@code 6 P} (four working copies, result, codes, scales);
 *   <li>the experts: three arrays of {@code T H} (stream, block input, block output), the layer's
 *       mean Hessians, codes and scales of gate and up where there are several chunks, the chunk's
 *       own weights {@code 3 H M} and the solve of gate and up, or of down with what it reads,
 *       where that is kept;
 *   <li>the head: stream, {@code V H} and a slice of the logits.
 * </ul>
 *
 * <p>Experts are divided into chunks, linears into blocks of rows, the stream into micro-batches,
 * logits into slices.
 *
 * @param shape sizes of the largest layer
 * @param available bytes of the device that the run may fill; 0 for a host, on which divisible work
 *     is limited to {@value #HOST_BYTES} bytes
 * @param halvings attempts that ran out of memory: each halves everything that can be divided
 * @param kernels whether a GPU's kernels solve; else scripts
 * @param devices that divide tokens and experts; the shape's tokens are those of one, and what
 *     experts read and give is held of all
 */
public record MemoryPlan(
    RunShape shape, long available, int halvings, boolean kernels, int devices) {

  static final long HOST_BYTES = 4L << 30;

  private static final long SMALL_BYTES = 256L << 20;

  private static final int SCRIPTS_HESSIANS = 7;
  private static final int SCRIPTS_WEIGHTS = 11;
  private static final int TRIAL_HESSIANS = 6;
  private static final int KERNELS_HESSIANS = 5;
  private static final int KERNELS_WEIGHTS = 6;

  // A context, what libraries load into it and the work space that they keep; at most that part of
  // the device.
  private static final long CONTEXT_BYTES = 1L << 30;
  private static final int CONTEXT_PART = 16;

  // One copy to the host holds a chunk's codes, and a Java buffer has at most 2 GiB.
  private static final long MOST_CODES = Integer.MAX_VALUE;

  private static final int TOKENS_PER_BATCH = 16_384;
  private static final int TOKENS_PER_BATCH_ON_HOST = 4_096;
  private static final long LEAST_ROWS = 128;
  private static final long LOGITS_BYTES = 1L << 30;

  // Libtorch's allocator rounds sizes up, and holes remain between arrays of unlike sizes.
  private static final double USABLE = 0.9;

  public MemoryPlan {
    if (devices < 1) {
      throw new IllegalArgumentException(
          "%d devices; there must be one at least".formatted(devices));
    }
    if (available < 0 || halvings < 0) {
      throw new IllegalArgumentException(
          "available memory is %d bytes after %d halvings; neither may be negative"
              .formatted(available, halvings));
    }
  }

  /** Where scripts solve on one device. */
  public MemoryPlan(RunShape shape, long available, int halvings) {
    this(shape, available, halvings, false, 1);
  }

  /** Tokens that run through a layer at once. */
  public int tokensPerBatch() {
    return Math.max(1, (available == 0 ? TOKENS_PER_BATCH_ON_HOST : TOKENS_PER_BATCH) >> halvings);
  }

  /** Bytes of logits that exist at once. */
  public long logitsBytes() {
    return LOGITS_BYTES >> halvings;
  }

  /** Experts that are solved as one batch; 0 in a dense model, at least 1 in others. */
  public int expertsAtOnce() {
    if (shape.experts() == 0) {
      return 0;
    }
    int own = ownExperts();
    long most = Math.max(1, Math.min(own, fitting(mixture())));
    // Chunks alike take less than full ones and a rest.
    long chunks = (own + most - 1) / most;
    return (int) ((own + chunks - 1) / chunks);
  }

  private long fitting(long standing) {
    return Math.min(divisible(standing) / perExpert(), MOST_CODES / shape.expertWeights());
  }

  /**
   * Rows that a batch of linears is solved by at once; they share one Hessian each.
   *
   * @param batch linears in the batch
   * @param inputs of each
   */
  public long rowsAtOnce(long batch, long inputs) {
    long hessians = Float.BYTES * hessians() * batch * inputs * inputs;
    long row = Float.BYTES * weights() * batch * inputs;
    long standing =
        shape.experts() == 0
            ? layer()
            : mixture() + Float.BYTES * Math.min(batch, shape.experts()) * shape.expertWeights();
    return Math.max(LEAST_ROWS, (divisible(standing) - hessians) / row);
  }

  /**
   * Whether the inputs of some experts' down projections are kept from their Hessians to their
   * outputs rather than computed wherever they are needed: where there is room for them beside
   * solving.
   *
   * @param bytes of it
   */
  public boolean keepsActivations(long bytes, int experts) {
    return bytes <= Math.max(roomForActivations(experts), SMALL_BYTES >> halvings);
  }

  private long roomForActivations(long experts) {
    return divisible(mixture()) - experts * (Float.BYTES * shape.expertWeights() + down());
  }

  /** Peak bytes on the device. */
  public long deviceBytes() {
    long rows = Math.min(shape.widestOutput(), rowsAtOnce(1, shape.widestInput()));
    long solving = solving(shape.widestInput(), rows * shape.widestInput());
    long most = Math.max(layer() + solving, Math.max(experts(), Math.max(attention(), head())));
    long arrays = shape.embeddingBytes() + most;
    return kernels ? withCache((long) (arrays / USABLE) + context()) : arrays;
  }

  // Several devices keep in the cache what attention took, beside experts, until a device is full.
  private long withCache(long bytes) {
    long cached = devices == 1 ? 0 : attention() - layer();
    return Math.max(bytes, Math.min(available, bytes + cached));
  }

  // A chunk of them, and whatever of their down projections' inputs is kept.
  private long experts() {
    long count = expertsAtOnce();
    long solving = Math.max(count * gateAndUp(), count * down() + kept((int) count));
    return count == 0 ? 0 : mixture() + count * Float.BYTES * shape.expertWeights() + solving;
  }

  // Of a whole layer's experts it is known how much they read; of a chunk's, that it is kept only
  // where there is room.
  private long kept(int count) {
    long all = Float.BYTES * shape.tokens() * shape.expertsPerToken() * shape.expertWidth();
    if (count == ownExperts()) {
      return keepsActivations(all, count) ? all : 0;
    }
    return Math.min(all, Math.max(0, roomForActivations(count)));
  }

  private int ownExperts() {
    return (shape.experts() + devices - 1) / devices;
  }

  private long divisible(long standing) {
    long usable =
        available == 0
            ? HOST_BYTES
            : (long) ((available - context()) * USABLE) - shape.embeddingBytes() - standing;
    return Math.max(0, usable) >> halvings;
  }

  private long stream() {
    return Float.BYTES * shape.tokens() * shape.hidden();
  }

  private long layer() {
    return stream() + Float.BYTES * (shape.attentionWeights() + shape.denseWeights());
  }

  // What its output projection reads, and queries, keys and values as projected, rotated and
  // repeated, or the solve of that projection.
  private long attention() {
    long width = shape.attentionWeights() / shape.hidden();
    long input = shape.attentionInput();
    long computing = 3L * Float.BYTES * tokensPerBatch() * width;
    long solving = solving(input, Math.min(shape.hidden(), rowsAtOnce(1, input)) * input);
    return layer() + Float.BYTES * shape.tokens() * input + Math.max(computing, solving);
  }

  private long mixture() {
    long whole = wholeMixture();
    return shape.experts() > 0 && fitting(whole) < ownExperts() ? whole + codes() : whole;
  }

  // Where experts are solved in chunks, gate and up wait as codes and scales for all chunks.
  private long codes() {
    long weights = ownExperts() * 2 * shape.hidden() * shape.expertWidth();
    return weights + weights / 4;
  }

  private long wholeMixture() {
    long pairs = devices * shape.tokens() * shape.expertsPerToken();
    long means =
        Float.BYTES * shape.hidden() * shape.hidden()
            + (Float.BYTES + Double.BYTES) * shape.expertWidth() * shape.expertWidth();
    long streams = devices == 1 ? 2 : 2 + 2L * devices;
    return layer() + streams * stream() + pairs * (2 * Long.BYTES + 2 * Float.BYTES) + means;
  }

  private long head() {
    long logits = Math.min(logitsBytes(), 2L * Float.BYTES * tokensPerBatch() * shape.vocabulary());
    return stream() + Float.BYTES * shape.vocabulary() * shape.hidden() + logits;
  }

  private long perExpert() {
    return Float.BYTES * shape.expertWeights() + Math.max(gateAndUp(), down());
  }

  private long gateAndUp() {
    return solving(shape.hidden(), 2 * shape.hidden() * shape.expertWidth());
  }

  private long down() {
    return solving(shape.expertWidth(), shape.hidden() * shape.expertWidth());
  }

  private long solving(long inputs, long weights) {
    long squares = inputs * inputs;
    long whole = hessians() * squares + weights() * weights;
    return Float.BYTES * (kernels ? Math.max(TRIAL_HESSIANS * squares, whole) : whole);
  }

  private long context() {
    return kernels ? Math.min(CONTEXT_BYTES, available / CONTEXT_PART) : 0;
  }

  private long hessians() {
    return kernels ? KERNELS_HESSIANS : SCRIPTS_HESSIANS;
  }

  private long weights() {
    return kernels ? KERNELS_WEIGHTS : SCRIPTS_WEIGHTS;
  }
}
