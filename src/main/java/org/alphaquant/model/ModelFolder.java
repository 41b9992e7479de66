package org.alphaquant.model;

import java.nio.file.Path;
import org.alphaquant.checkpoint.Checkpoint;
import org.alphaquant.checkpoint.CheckpointException;
import org.alphaquant.checkpoint.Links;
import org.alphaquant.storage.gguf.GgufCheckpoint;
import org.alphaquant.storage.gguf.GgufException;

/** Opens a model's folder in any supported file format. */
public final class ModelFolder {

  private ModelFolder() {}

  /**
   * The folder's checkpoint.
   *
   * @param links which links in it may be followed
   * @return to be closed
   * @throws org.alphaquant.checkpoint.CheckpointException if it is no complete checkpoint
   * @throws org.alphaquant.architecture.ModelException if it is GGUF of an unknown family
   */
  public static Checkpoint open(Path folder, Links links) {
    if (!GgufCheckpoint.isIn(folder)) {
      return Checkpoint.open(folder, links);
    }
    try {
      return GgufCheckpoint.open(folder, links, it -> ModelFamilies.describe(it, null));
    } catch (GgufException e) {
      throw CheckpointException.unreadable(folder, e);
    }
  }
}
