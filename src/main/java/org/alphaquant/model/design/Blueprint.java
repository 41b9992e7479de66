package org.alphaquant.model.design;

import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.alphaquant.architecture.FusedExperts;
import org.alphaquant.architecture.ModelException;
import org.alphaquant.architecture.ModuleKind;
import org.alphaquant.checkpoint.Checkpoint;
import org.alphaquant.storage.source.SourceTensor;
import org.alphaquant.storage.sources.SourceTensors;

/**
 * The structure of a whole model before any weight is loaded. Names are those of the family's
 * published files.
 *
 * @param storedName from a published tensor name to the one in this checkpoint; mostly the same
 */
public record Blueprint(
    DecoderConfig decoder, List<LayerDesign> layers, UnaryOperator<String> storedName) {

  public Blueprint {
    layers = List.copyOf(layers);
  }

  /** Stored under the published names. */
  public Blueprint(DecoderConfig decoder, List<LayerDesign> layers) {
    this(decoder, layers, UnaryOperator.identity());
  }

  /** The same model in a checkpoint that may name its tensors otherwise. */
  public Blueprint storedAs(ModelSource source, StoredNames names) {
    return new Blueprint(decoder, layers, names.in(source.checkpoint()));
  }

  public String embedding() {
    return decoder.embedding() + ".weight";
  }

  public NormDesign finalNorm() {
    return decoder.norm(decoder.prefix() + decoder.lastNorm());
  }

  public LinearDesign head() {
    return new LinearDesign(
        decoder.head(), decoder.vocabulary(), decoder.hidden(), decoder.style().headBias());
  }

  /** The model's tensors in a checkpoint. */
  public SourceTensors tensors(Checkpoint checkpoint) {
    List<SourceTensor> parts = new ArrayList<>();
    for (LayerDesign layer : layers) {
      if (layer.feedForward() instanceof MoeDesign moe) {
        parts.addAll(moe.experts().parts(checkpoint, stored(moe.experts().stack())));
      }
    }
    return new SourceTensors(checkpoint, storedName, parts);
  }

  private FusedExperts stored(FusedExperts stack) {
    return new FusedExperts(
        storedName.apply(stack.gateUp()),
        storedName.apply(stack.down()),
        stack.arrangement(),
        stack.biased());
  }

  /** Whether the head shares the embedding: tied, and the file has no head of its own. */
  public boolean sharesEmbedding(Outline outline) {
    return decoder.tied() && !outline.has(head().weight());
  }

  /**
   * Requires every tensor of the forward pass.
   *
   * @throws ModelException if one is missing or has another shape, or if a layer holds a tensor
   *     that the family does not know: leaving it out would change the model
   */
  public void outline(Outline outline) {
    outline.tensor(embedding(), decoder.vocabulary(), decoder.hidden());
    for (int index = 0; index < layers.size(); index++) {
      layers.get(index).attention().outline(outline, index);
      layers.get(index).feedForward().outline(outline, index);
    }
    finalNorm().outline(outline);
    if (sharesEmbedding(outline)) {
      outline.list(head(), ModuleKind.HEAD, -1, -1);
    } else {
      requireHead(outline);
    }
    new UnreadTensors(decoder, outline.unread()).refuseUnknown();
  }

  private void requireHead(Outline outline) {
    if (!outline.has(head().weight())) {
      throw ModelException.tensor(
          head().weight(), "is missing and config.json does not set tie_word_embeddings");
    }
    outline.linear(head(), ModuleKind.HEAD, -1, -1);
  }
}
