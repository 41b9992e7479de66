package org.alphaquant.model;

import ai.djl.ndarray.NDArray;
import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;
import org.alphaquant.architecture.ModelDescription;
import org.alphaquant.architecture.ModuleDescription;
import org.alphaquant.architecture.RoutingDescription;
import org.alphaquant.checkpoint.Checkpoint;
import org.alphaquant.model.block.Attention;
import org.alphaquant.model.block.DecoderLayer;
import org.alphaquant.model.block.Linear;
import org.alphaquant.model.block.Norm;
import org.alphaquant.model.block.WeightOverlay;
import org.alphaquant.model.block.WeightReader;
import org.alphaquant.model.design.Blueprint;
import org.alphaquant.model.design.LayerDesign;
import org.alphaquant.model.design.LinearDesign;
import org.alphaquant.model.design.Style;
import org.alphaquant.torch.TensorScope;

/**
 * An open checkpoint, read layer by layer. The token embedding and the head are read when first
 * used and belong to the scope the model was opened in; a layer belongs to the scope it is loaded
 * in.
 */
public final class Model {

  private final ModelDescription description;
  private final Blueprint blueprint;
  private final WeightReader reader;
  private NDArray embedding;
  private Norm finalNorm;
  private Linear head;
  private boolean announces = true;
  private int announced = -1;
  private int rank;
  private int ranks = 1;

  Model(
      Checkpoint checkpoint,
      ModelDescription description,
      Blueprint blueprint,
      TensorScope scope,
      WeightOverlay overlay) {
    this.description = description;
    this.blueprint = blueprint;
    this.reader = new WeightReader(blueprint.tensors(checkpoint), scope, overlay);
  }

  public ModelDescription description() {
    return description;
  }

  /** Token ids, int64 [B, S], to the residual stream before the first layer, fp32 [B, S, H]. */
  public NDArray embed(TensorScope scope, NDArray ids) {
    if (embedding == null) {
      announce(scope, () -> List.of(blueprint.embedding()));
      readAhead(scope, 0);
      embedding =
          reader
              .overlay()
              .weight(reader.scope(), blueprint.embedding())
              .orElseGet(() -> reader.stored(blueprint.embedding()));
    }
    double factor = blueprint.decoder().style().multipliers().embedding();
    return scope.run("weights.embed", embedding, ids, factor);
  }

  /** Module name of the token embedding, without {@code .weight}. */
  public String embeddingName() {
    String tensor = blueprint.embedding();
    return tensor.substring(0, tensor.length() - ".weight".length());
  }

  /** The token embedding [V, H] as fp32, owned by {@code scope}. */
  public NDArray embedding(TensorScope scope) {
    return reader.into(scope).floats(blueprint.embedding());
  }

  /**
   * Replaces the embedding by another table [V, H], which moves to the model's scope. A tied head
   * keeps the checkpoint's table.
   */
  public void replaceEmbedding(NDArray table) {
    if (embedding != null) {
      embedding.close();
    }
    embedding = reader.scope().keep(reader.scope(), table);
  }

  /**
   * Reads one layer. Routed experts are read only when used.
   *
   * @param index 0 to layers - 1
   */
  public DecoderLayer layer(TensorScope scope, int index) {
    LayerDesign design = blueprint.layers().get(Objects.checkIndex(index, description.layers()));
    WeightReader into = reader.into(scope);
    if (announced != index) {
      readAhead(scope, index);
    }
    Attention attention = design.attention().load(into);
    DecoderLayer layer = new DecoderLayer(attention, design.feedForward().load(into));
    readAhead(scope, index + 1);
    return layer;
  }

  /**
   * Announces that of the experts of each layer only one of {@code count} even parts will be read.
   */
  public void readsPart(int part, int count) {
    rank = part;
    ranks = count;
  }

  /** Leaves it to others to announce what will be read. */
  public void announcesNothing() {
    announces = false;
  }

  /** Announces the first layer. */
  public void announceFirst(TensorScope scope) {
    readAhead(scope, 0);
  }

  // A result's weights come from elsewhere.
  private void readAhead(TensorScope scope, int index) {
    announced = index;
    if (index < description.layers()) {
      announce(
          scope,
          () ->
              description.linears().stream()
                  .filter(linear -> linear.layer() == index && isRead(linear))
                  .map(linear -> linear.name() + ".weight")
                  .toList());
    }
  }

  private void announce(TensorScope scope, Supplier<List<String>> tensors) {
    if (announces && reader.overlay() == WeightOverlay.NONE) {
      scope.readAhead(() -> reader.tensors().bytes(tensors.get()));
    }
  }

  private boolean isRead(ModuleDescription linear) {
    int experts = description.routing().map(RoutingDescription::experts).orElse(0);
    long begin = (long) experts * rank / ranks;
    long end = (long) experts * (rank + 1) / ranks;
    return linear.expert() < 0 || linear.expert() >= begin && linear.expert() < end;
  }

  /** A tensor by its full name, as float32, owned by {@code scope}. */
  public NDArray floats(TensorScope scope, String tensor) {
    return reader.into(scope).floats(tensor);
  }

  /** Module name of the head. */
  public String headName() {
    return blueprint.head().name();
  }

  /** The map from the final norm's output to the vocabulary; shares its weight when tied. */
  public Linear head() {
    if (head == null) {
      LinearDesign design = blueprint.head();
      NDArray bias = design.bias() ? reader.floats(design.name() + ".bias") : null;
      head =
          new Linear(
              design.name(),
              reader.scope(),
              headWeight(design.weight()),
              bias,
              reader.overlay().input(design.name()));
    }
    return head;
  }

  // A result may hold a head of its own where the source shares the embedding's weight.
  private NDArray headWeight(String own) {
    boolean shares = description.tiedHead() && !reader.tensors().has(own);
    return reader
        .overlay()
        .weight(reader.scope(), own)
        .orElseGet(() -> reader.floats(shares ? blueprint.embedding() : own));
  }

  /** The input of the head: x [B, S, H] after the last layer, normalised, as [B*S, H]. */
  public NDArray headInput(TensorScope scope, NDArray x) {
    if (finalNorm == null) {
      finalNorm = blueprint.finalNorm().load(reader);
    }
    return finalNorm.rows(scope, x);
  }

  /** The logits [B, S, V] for the residual stream after the last layer [B, S, H]. */
  public NDArray logits(TensorScope scope, NDArray x) {
    try (TensorScope inner = scope.child("head")) {
      NDArray rows = head().apply(inner, headInput(inner, x));
      long[] shape = {x.getShape().get(0), x.getShape().get(1), description.vocabulary()};
      return inner.keep(scope, inner.run("tensor.reshape", scaled(inner, rows), shape));
    }
  }

  private NDArray scaled(TensorScope scope, NDArray logits) {
    Style style = blueprint.decoder().style();
    double factor = style.multipliers().logits();
    NDArray scaled = factor == 1 ? logits : scope.run("linear.scale", logits, factor);
    return style.logitCap() == 0 ? scaled : scope.run("linear.soft_cap", scaled, style.logitCap());
  }
}
