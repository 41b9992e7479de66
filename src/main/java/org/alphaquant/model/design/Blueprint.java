package org.alphaquant.model.design;

import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.alphaquant.model.LinearKind;
import org.alphaquant.model.ModelException;

/** A whole model before anything of it is loaded. */
public record Blueprint(DecoderConfig decoder, List<LayerDesign> layers) {

  // Tables that old checkpoints carry and that follow from config.json.
  private static final Pattern DERIVED = Pattern.compile(".*\\.rotary_emb\\.inv_freq");

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
      outline.list(head(), LinearKind.HEAD, -1, -1);
    } else {
      requireHead(outline);
    }
    refuseUnknown(outline.unread());
  }

  private void requireHead(Outline outline) {
    if (!outline.has(head().weight())) {
      throw ModelException.tensor(
          head().weight(), "is missing and config.json does not set tie_word_embeddings");
    }
    outline.linear(head(), LinearKind.HEAD, -1, -1);
  }

  // Layers beyond the last one predict further tokens (MTP) and take no part in the forward pass.
  private void refuseUnknown(Set<String> unread) {
    String start = decoder.prefix() + "layers.";
    for (String name : unread) {
      if (name.startsWith(start) && layerOf(name, start) < layers.size() && !derived(name)) {
        refuse(name);
      }
    }
    Set<String> aside =
        Set.of(
            decoder.prefix() + "norm.bias",
            decoder.head() + ".bias",
            decoder.prefix() + "embed_tokens.bias");
    unread.stream().filter(aside::contains).forEach(Blueprint::refuse);
  }

  private static void refuse(String name) {
    throw ModelException.tensor(name, "is not known to this family; it would be left out");
  }

  private static boolean derived(String name) {
    return DERIVED.matcher(name).matches();
  }

  private static long layerOf(String name, String start) {
    String index = name.substring(start.length()).split("\\.", 2)[0];
    return index.matches("\\d{1,9}") ? Long.parseLong(index) : -1;
  }
}
