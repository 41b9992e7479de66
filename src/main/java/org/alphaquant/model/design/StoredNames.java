package org.alphaquant.model.design;

import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.alphaquant.checkpoint.Checkpoint;

/**
 * Parts of tensor names that a family is published with, and what stands for them in files that
 * transformers 5 writes as it keeps a model in memory ({@code save_original_format=False}; its
 * {@code conversion_mapping.py}, 5.18).
 *
 * @param parts in the order in which they are replaced
 */
public record StoredNames(List<Part> parts) {

  /** A part of a name. */
  public record Part(String published, String stored) {

    private boolean isUsedBy(Checkpoint checkpoint) {
      Set<String> names = checkpoint.names();
      return names.stream().noneMatch(name -> name.contains(published))
          && names.stream().anyMatch(name -> name.contains(stored));
    }
  }

  public StoredNames {
    parts = List.copyOf(parts);
  }

  /** Mixtral's names, which other families took over: a block called mlp, and the usual linears. */
  public static final StoredNames MIXTRAL =
      of(".block_sparse_moe.", ".mlp.")
          .and(".w1.", ".gate_proj.")
          .and(".w2.", ".down_proj.")
          .and(".w3.", ".up_proj.");

  public static StoredNames of(String published, String stored) {
    return new StoredNames(List.of(new Part(published, stored)));
  }

  /** With one more part, replaced after the others. */
  public StoredNames and(String published, String stored) {
    return and(of(published, stored));
  }

  /** With more parts, replaced after the others. */
  public StoredNames and(StoredNames others) {
    return new StoredNames(Stream.concat(parts.stream(), others.parts.stream()).toList());
  }

  /** From a published name to a checkpoint's, part by part as the checkpoint has them. */
  UnaryOperator<String> in(Checkpoint checkpoint) {
    List<Part> used = parts.stream().filter(part -> part.isUsedBy(checkpoint)).toList();
    return name -> {
      String stored = name;
      for (Part part : used) {
        stored = stored.replace(part.published(), part.stored());
      }
      return stored;
    };
  }
}
