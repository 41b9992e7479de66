package org.alphaquant.prepare;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.alphaquant.architecture.ModelDescription;
import org.alphaquant.checkpoint.Checkpoint;
import org.alphaquant.checkpoint.TensorSource;
import org.alphaquant.job.JobSpec;
import org.alphaquant.model.RecognisedModel;
import org.alphaquant.scheme.plan.Plan;
import tools.jackson.databind.JsonNode;

/**
 * A specification with its model opened and its result planned; shared by requests and runs.
 *
 * @param model the source; its checkpoint is closed with this
 * @param plain the source's tensors when they are plain, by their published names
 */
public record PreparedJob(
    JobSpec spec, RecognisedModel model, Map<String, TensorSource> plain, Plan plan)
    implements AutoCloseable {

  /** The source's files. */
  public Checkpoint source() {
    return model.checkpoint();
  }

  public ModelDescription description() {
    return model.description();
  }

  /** The plain tensors of the result, including an untied head's copy. */
  public Map<String, TensorSource> pieces() {
    Map<String, TensorSource> pieces = new LinkedHashMap<>(plain);
    if (plan.unties()) {
      TensorSource embedding = plain.get(description().embedding().name() + ".weight");
      plan.content().plain().stream()
          .filter(tensor -> !plain.containsKey(tensor.name()))
          .forEach(tensor -> pieces.put(tensor.name(), embedding.renamed(tensor.name())));
    }
    return pieces;
  }

  /**
   * The same job with another configuration, on the same open source.
   *
   * @throws org.alphaquant.scheme.InvalidConfigException if the configuration cannot be read
   */
  public PreparedJob configured(JsonNode config) {
    return with(spec.configured(config));
  }

  /**
   * Another job of the same model, on the same open source.
   *
   * @throws org.alphaquant.scheme.InvalidConfigException if its configuration cannot be read
   */
  public PreparedJob with(JobSpec other) {
    return JobPreparation.planned(this, other);
  }

  /** A message if the source differs from the one that was planned. */
  public Optional<String> changed() {
    String wanted = spec.sourceSha256();
    return wanted == null || wanted.equals(plan.source())
        ? Optional.empty()
        : Optional.of(
            "the headers of '%s' have the SHA-256 %s, not %s; it has changed since it was planned"
                .formatted(spec.model(), plan.source(), wanted));
  }

  @Override
  public void close() {
    source().close();
  }
}
