package org.alphaquant.model.design;

import java.util.List;
import org.alphaquant.architecture.ModuleKind;
import org.alphaquant.model.ModelException;

/** A whole model before anything of it is loaded. */
public record Blueprint(DecoderConfig decoder, List<LayerDesign> layers) {

  public Blueprint {
    layers = List.copyOf(layers);
  }

  public String embedding() {
    return decoder.prefix() + "embed_tokens.weight";
  }

  public NormDesign finalNorm() {
    return decoder.norm(decoder.prefix() + "norm");
  }

  public LinearDesign head() {
    return new LinearDesign(
        decoder.head(), decoder.vocabulary(), decoder.hidden(), decoder.headBias());
  }

  /** A tied model whose file holds a head all the same uses the file's. */
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
