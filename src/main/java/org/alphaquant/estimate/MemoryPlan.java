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
 *       the weights {@code W} and the projections of one micro-batch;
 *   <li>a solve: the stream, {@code W}, and for a batch of linears with {@code I} inputs and {@code
 *       P} weights {@code 7 I²} (the Hessian, reordered, damped, its factor and the inverse's) and
 *       {@code 11 P} (original, working copies, scales and zero points by column, residual, result,
 *       codes);
 *   <li>the experts: three arrays of {@code T H} (stream, block input, block output), the chunk's
 *       own weights {@code 3 H M} and the solve of gate and up, or of down;
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
 */
public record MemoryPlan(RunShape shape, long available, int halvings) {

  static final long HOST_BYTES = 4L << 30;

  private static final long SMALL_BYTES = 256L << 20;

  private static final int HESSIAN_COPIES = 7;
  private static final int WEIGHT_COPIES = 11;

  // One copy to the host holds a chunk's codes, and a Java buffer has at most 2 GiB.
  private static final long MOST_CODES = Integer.MAX_VALUE;

  private static final int TOKENS_PER_BATCH = 16_384;
  private static final int TOKENS_PER_BATCH_ON_HOST = 4_096;
  private static final long LEAST_ROWS = 128;
  private static final long LOGITS_BYTES = 1L << 30;

  // Libtorch's allocator rounds sizes up, and its libraries keep work space of their own.
  private static final double USABLE = 0.9;

  public MemoryPlan {
    if (available < 0 || halvings < 0) {
      throw new IllegalArgumentException(
          "available memory is %d bytes after %d halvings; neither may be negative"
              .formatted(available, halvings));
    }
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
    long fitting = Math.min(divisible(mixture()) / perExpert(), MOST_CODES / shape.expertWeights());
    return (int) Math.max(1, Math.min(shape.experts(), fitting));
  }

  /**
   * Rows that a batch of linears is solved by at once; they share one Hessian each.
   *
   * @param batch linears in the batch
   * @param inputs of each
   */
  public long rowsAtOnce(long batch, long inputs) {
    long hessians = Float.BYTES * HESSIAN_COPIES * batch * inputs * inputs;
    long row = Float.BYTES * WEIGHT_COPIES * batch * inputs;
    long standing = shape.experts() == 0 ? layer() : mixture();
    return Math.max(LEAST_ROWS, (divisible(standing) - hessians) / row);
  }

  /**
   * Whether the inputs of some experts' down projections are kept from their Hessians to their
   * outputs rather than computed twice: where they take no more memory than solving gate and up
   * did.
   *
   * @param bytes of it
   */
  public boolean keepsActivations(long bytes, int experts) {
    long room = experts * (gateAndUp() - down());
    return bytes <= Math.max(room, SMALL_BYTES >> halvings);
  }

  /** Peak bytes on the device. */
  public long deviceBytes() {
    long solving = Float.BYTES * HESSIAN_COPIES * shape.widestInput() * shape.widestInput();
    long rows = Math.min(shape.widestOutput(), rowsAtOnce(1, shape.widestInput()));
    solving += Float.BYTES * WEIGHT_COPIES * rows * shape.widestInput();
    long experts = shape.experts() == 0 ? 0 : mixture() + expertsAtOnce() * perExpert();
    long most = Math.max(layer() + solving, Math.max(experts, Math.max(attention(), head())));
    return shape.embeddingBytes() + most;
  }

  private long divisible(long standing) {
    long usable = available == 0 ? HOST_BYTES : (long) (available * USABLE) - standing;
    return Math.max(0, usable) >> halvings;
  }

  private long stream() {
    return Float.BYTES * shape.tokens() * shape.hidden();
  }

  private long layer() {
    return stream() + Float.BYTES * (shape.attentionWeights() + shape.denseWeights());
  }

  // Queries, keys and values as projected, rotated and repeated, and attention's output.
  private long attention() {
    long width = shape.attentionWeights() / shape.hidden();
    return layer() + Float.BYTES * (shape.tokens() * width / 4 + 3L * tokensPerBatch() * width);
  }

  private long mixture() {
    long pairs = shape.tokens() * shape.expertsPerToken();
    return layer() + 2 * stream() + pairs * (2 * Long.BYTES + 2 * Float.BYTES);
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

  private static long solving(long inputs, long weights) {
    return Float.BYTES * (HESSIAN_COPIES * inputs * inputs + WEIGHT_COPIES * weights);
  }
}
