package org.alphaquant.scheme.plan;

import java.nio.file.Path;
import java.util.List;
import org.alphaquant.architecture.ModelDescription;
import org.alphaquant.checkpoint.Dtype;
import org.alphaquant.checkpoint.Links;
import org.alphaquant.checkpoint.TensorInfo;
import tools.jackson.databind.JsonNode;

/**
 * The source of a plan, as its headers describe it.
 *
 * @param description the model
 * @param folder where it is, for its tokenizer
 * @param links which links in the folder may be followed
 * @param config its config.json
 * @param sha256 of its headers and config.json
 * @param bytes size of its tensors as they are stored
 * @param dtype the dtype that most of its weights have when they are plain
 * @param rotated whether it is rotated before it is quantized, so that the head differs from the
 *     embedding
 * @param plain its tensors when they are plain, under the family's published names
 */
public record PlannedSource(
    ModelDescription description,
    Path folder,
    Links links,
    JsonNode config,
    String sha256,
    long bytes,
    Dtype dtype,
    boolean rotated,
    List<TensorInfo> plain) {

  public PlannedSource {
    plain = List.copyOf(plain);
  }
}
