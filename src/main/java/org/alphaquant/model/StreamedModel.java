package org.alphaquant.model;

import ai.djl.ndarray.NDArray;
import java.util.Objects;
import org.alphaquant.architecture.ModelDescription;
import org.alphaquant.checkpoint.Checkpoint;
import org.alphaquant.model.design.Blueprint;
import org.alphaquant.model.design.LayerDesign;
import org.alphaquant.model.design.LinearDesign;
import org.alphaquant.model.design.WeightReader;
import org.alphaquant.torch.TensorScope;

/** A model read layer by layer. */
final class StreamedModel implements Model {

  private final ModelDescription description;
  private final Blueprint blueprint;
  private final WeightReader reader;
  private NDArray embedding;
  private Norm finalNorm;
  private Linear head;

  StreamedModel(
      Checkpoint checkpoint,
      ModelDescription description,
      Blueprint blueprint,
      TensorScope scope,
      WeightOverlay overlay) {
    this.description = description;
    this.blueprint = blueprint;
    this.reader = new WeightReader(checkpoint, scope, overlay);
  }

  @Override
  public ModelDescription description() {
    return description;
  }

  @Override
  public NDArray embed(TensorScope scope, NDArray ids) {
    if (embedding == null) {
      embedding = reader.stored(blueprint.embedding());
    }
    double factor = blueprint.decoder().multipliers().embedding();
    return scope.run("weights.embed", embedding, ids, factor);
  }

  @Override
  public DecoderLayer layer(TensorScope scope, int index) {
    LayerDesign design = blueprint.layers().get(Objects.checkIndex(index, description.layers()));
    WeightReader into = reader.into(scope);
    Attention attention = design.attention().load(into);
    return new Loaded(attention, design.feedForward().load(into));
  }

  @Override
  public Linear head() {
    if (head == null) {
      LinearDesign design = blueprint.head();
      String weight = description.tiedHead() ? blueprint.embedding() : design.weight();
      NDArray bias = design.bias() ? reader.floats(design.name() + ".bias") : null;
      head = new Linear(design.name(), reader.scope(), reader.floats(weight), bias);
    }
    return head;
  }

  @Override
  public NDArray headInput(TensorScope scope, NDArray x) {
    if (finalNorm == null) {
      finalNorm = blueprint.finalNorm().load(reader);
    }
    return finalNorm.rows(scope, x);
  }

  @Override
  public NDArray logits(TensorScope scope, NDArray x) {
    try (TensorScope inner = scope.child("head")) {
      NDArray rows = head().apply(inner, headInput(inner, x));
      long[] shape = {x.getShape().get(0), x.getShape().get(1), description.vocabulary()};
      return inner.keep(scope, inner.run("linear.reshape", scaled(inner, rows), shape));
    }
  }

  private NDArray scaled(TensorScope scope, NDArray logits) {
    double factor = blueprint.decoder().multipliers().logits();
    return factor == 1 ? logits : scope.run("linear.scale", logits, factor);
  }

  private record Loaded(Attention attention, FeedForward feedForward) implements DecoderLayer {}
}
