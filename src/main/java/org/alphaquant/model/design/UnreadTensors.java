package org.alphaquant.model.design;

import java.util.Set;
import java.util.regex.Pattern;
import org.alphaquant.architecture.ModelException;
import org.alphaquant.storage.source.SourceQuantization;

/**
 * The tensors that the forward pass does not read. Most can be ignored; ignoring one that belongs
 * to a layer would silently change the model.
 */
record UnreadTensors(DecoderConfig decoder, Set<String> names) {

  // Tables that old checkpoints carry and that follow from config.json.
  private static final Pattern DERIVED =
      Pattern.compile(".*\\.rotary_emb\\.(inv_freq|cos_cached|sin_cached)");

  // Tensors that distinguish a prediction layer (MTP) from an ordinary one.
  private static final Pattern PREDICTOR = Pattern.compile("(eh_proj|enorm|hnorm)\\..*");

  void refuseUnknown() {
    for (String name : names) {
      boolean known = DERIVED.matcher(name).matches() || SourceQuantization.isCacheScale(name);
      if (name.startsWith(layers()) && !known) {
        checkLayer(name);
      }
    }
    refuseIfThere(decoder.prefix() + decoder.lastNorm() + ".bias");
    refuseIfThere(decoder.embedding() + ".bias");
    refuseIfThere(decoder.head() + ".bias");
  }

  private void checkLayer(String name) {
    String index = name.substring(layers().length()).split("\\.", 2)[0];
    boolean beyond = index.matches("\\d{1,9}") && Long.parseLong(index) >= decoder.layers();
    if (!beyond) {
      throw unknown(name);
    }
    if (!predicts(index)) {
      throw ModelException.config(
          "num_hidden_layers", "is " + decoder.layers() + " but there is a tensor " + name);
    }
  }

  private boolean predicts(String index) {
    String layer = layers() + index + ".";
    return names.stream()
        .anyMatch(
            name ->
                name.startsWith(layer)
                    && PREDICTOR.matcher(name.substring(layer.length())).matches());
  }

  private void refuseIfThere(String name) {
    if (names.contains(name)) {
      throw unknown(name);
    }
  }

  private String layers() {
    return decoder.prefix() + "layers.";
  }

  private static ModelException unknown(String name) {
    return ModelException.tensor(name, "is not known to this family; it would be left out");
  }
}
