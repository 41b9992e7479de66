package org.alphaquant.model;

import java.util.List;
import java.util.Map;
import java.util.Set;
import org.alphaquant.architecture.ModelDescription;
import org.alphaquant.checkpoint.Checkpoint;
import org.alphaquant.checkpoint.TensorSource;
import org.alphaquant.model.block.WeightOverlay;
import org.alphaquant.model.design.Blueprint;
import org.alphaquant.model.design.Outline;
import org.alphaquant.model.design.StreamMap;
import org.alphaquant.storage.source.SourceTensor;
import org.alphaquant.storage.sources.SourceTensors;
import org.alphaquant.torch.TensorScope;

/**
 * A checkpoint of a known family whose tensors fit it. It is described once, from config.json and
 * headers; weights are read when it is opened.
 */
public final class RecognisedModel {

  private final Checkpoint checkpoint;
  private final Blueprint blueprint;
  private final SourceTensors tensors;
  private final Outline outline;
  private final ModelDescription description;
  private final WeightOverlay weights;

  RecognisedModel(
      FamilyDetection detection,
      Checkpoint checkpoint,
      Blueprint blueprint,
      Map<String, Object> defaults) {
    this.checkpoint = checkpoint;
    this.blueprint = blueprint;
    this.tensors = blueprint.tensors(checkpoint);
    this.outline = new Outline(checkpoint, tensors);
    blueprint.outline(outline);
    this.description = DescribedBlueprint.describe(detection, blueprint, outline, defaults);
    this.weights = WeightOverlay.NONE;
  }

  private RecognisedModel(RecognisedModel other, WeightOverlay weights) {
    this.checkpoint = other.checkpoint;
    this.blueprint = other.blueprint;
    this.tensors = other.tensors;
    this.outline = other.outline;
    this.description = other.description;
    this.weights = weights;
  }

  /** The same checkpoint, opened with other weights from now on: the same function, rotated. */
  public RecognisedModel with(WeightOverlay others) {
    return new RecognisedModel(this, others);
  }

  /** Weights that replace the checkpoint's when it is opened. */
  public WeightOverlay weights() {
    return weights;
  }

  public Checkpoint checkpoint() {
    return checkpoint;
  }

  public ModelDescription description() {
    return description;
  }

  Blueprint blueprint() {
    return blueprint;
  }

  /**
   * The tensors as a plain checkpoint holds them, for copying what is not quantized: fp8 blocks
   * multiplied out to BF16, fused experts one by one, everything that is read under the names that
   * the family publishes, everything else as it is stored.
   */
  public List<TensorSource> plainTensors() {
    return tensors.plain(outline.read());
  }

  /** Names in the checkpoint of the tensors that the forward pass reads. */
  public Set<String> storedTensors() {
    return outline.stored();
  }

  /** A tensor that the forward pass reads, as the source stores it. */
  public SourceTensor tensor(String name) {
    return tensors.find(name);
  }

  /** Its tensors as they meet the residual stream. */
  public StreamMap stream() {
    return StreamMap.of(blueprint, description.tiedHead());
  }

  /**
   * Opens the model for computing.
   *
   * @param scope owns the embedding and the head once they are used
   */
  public Model open(TensorScope scope) {
    return new Model(checkpoint, description, blueprint, scope, weights);
  }

  /** Opens the model for computing with some weights replaced. */
  public Model open(TensorScope scope, WeightOverlay overlay) {
    return new Model(checkpoint, description, blueprint, scope, overlay.over(weights));
  }
}
