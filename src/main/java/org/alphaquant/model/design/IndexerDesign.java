package org.alphaquant.model.design;

import org.alphaquant.architecture.ModelConfig;
import org.alphaquant.model.block.Norm;
import org.alphaquant.model.block.WeightReader;

/**
 * The lightning indexer of DeepSeek sparse attention (DeepSeek-V3.2-Exp, section 2.1): a few small
 * heads score every earlier token, and each query attends to the {@code topK} best. Its tensors are
 * never quantized.
 *
 * @param module name prefix, {@code model.layers.0.self_attn.indexer} for example
 * @param hidden width of the residual stream
 * @param rank width of the compressed query it reads
 * @param dimension of a head; the leading dimensions are rotated as the attention's are
 * @param interleaved whether rotated pairs are neighbours
 */
public record IndexerDesign(
    String module,
    long hidden,
    long rank,
    long heads,
    long dimension,
    long topK,
    boolean interleaved) {

  // Fixed by the modeling code.
  private static final double EPSILON = 1e-6;

  /** Reads the usual keys, which have no defaults here. */
  public static IndexerDesign read(
      DecoderConfig decoder, ModelConfig config, int layer, boolean interleaved) {
    return new IndexerDesign(
        decoder.layer(layer) + "self_attn.indexer",
        decoder.hidden(),
        config.positive("q_lora_rank"),
        config.positive("index_n_heads"),
        config.positive("index_head_dim"),
        config.positive("index_topk"),
        interleaved);
  }

  String queryWeight() {
    return module + ".wq_b.weight";
  }

  String keyWeight() {
    return module + ".wk.weight";
  }

  String headWeight() {
    return module + ".weights_proj.weight";
  }

  private NormDesign keyNorm() {
    return new NormDesign(module + ".k_norm", dimension, EPSILON, NormKind.LAYER);
  }

  void outline(Outline outline) {
    outline.tensor(queryWeight(), heads * dimension, rank);
    outline.tensor(keyWeight(), dimension, hidden);
    outline.tensor(headWeight(), heads, hidden);
    keyNorm().outline(outline);
  }

  Indexer load(WeightReader reader) {
    Norm norm = keyNorm().load(reader);
    return new Indexer(
        this,
        reader.floats(queryWeight()),
        reader.floats(keyWeight()),
        reader.floats(headWeight()),
        norm);
  }
}
