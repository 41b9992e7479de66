package org.alphaquant.storage.gguf;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.alphaquant.format.TensorScheme;
import org.alphaquant.scheme.ModuleScheme;
import org.alphaquant.storage.Fallback;
import org.alphaquant.storage.gguf.EngineTensor.Rows;

/**
 * The schemes of modules whose own no block holds: where llama.cpp's quantizer falls back to a
 * type, that; else none.
 */
final class GgufFallbacks {

  private final Map<String, Long> segments = new HashMap<>();

  /**
   * @param tensors as the engine wants them
   */
  GgufFallbacks(List<EngineTensor> tensors) {
    for (EngineTensor tensor : tensors) {
      long row = tensor.shape().get(tensor.shape().size() - 1);
      for (EngineTensor.Part part : tensor.parts()) {
        if (part instanceof Rows rows && rows.segments() != null) {
          segments.put(rows.tensor(), row / rows.segments().length);
        }
      }
    }
  }

  /** By name of the module. */
  Map<String, Fallback> of(List<ModuleScheme> modules) {
    Map<String, Fallback> fallbacks = new LinkedHashMap<>();
    for (ModuleScheme module : modules) {
      if (module.isQuantized()) {
        Optional<Fallback> own = rows(module);
        TensorScheme scheme = own.map(Fallback::scheme).orElse(module.scheme());
        heads(module, scheme)
            .or(() -> own)
            .ifPresent(fallback -> fallbacks.put(module.name(), fallback));
      }
    }
    return fallbacks;
  }

  private static Optional<Fallback> rows(ModuleScheme module) {
    if (module.name().endsWith(".kv_b_proj")) {
      return Optional.of(
          new Fallback(
              TensorScheme.UNQUANTIZED,
              "llama.cpp keeps it in two parts, one of them transposed, and groups run along rows"));
    }
    if (module.name().endsWith(".shared_mlp.input_linear")) {
      return Optional.of(
          new Fallback(
              TensorScheme.UNQUANTIZED, "llama.cpp keeps its halves in tensors of their own"));
    }
    int unit = module.scheme().format().rowUnit();
    long row = module.module().inFeatures();
    return row % unit == 0
        ? Optional.empty()
        : GgufScheme.fallback(module.scheme())
            .map(
                scheme ->
                    scheme.divides(row)
                        ? new Fallback(
                            scheme, "rows of %d are no multiple of %d".formatted(row, unit))
                        : new Fallback(
                            TensorScheme.UNQUANTIZED,
                            "rows of %d are no multiple of %d".formatted(row, scheme.groupSize())));
  }

  // Segments of rows move with their blocks or not at all.
  private Optional<Fallback> heads(ModuleScheme module, TensorScheme scheme) {
    Long width = segments.get(module.name() + ".weight");
    Optional<GgufType> type = GgufScheme.type(scheme);
    if (width == null || type.isEmpty() || type.get().divides(width)) {
      return Optional.empty();
    }
    TensorScheme next =
        GgufScheme.fallback(scheme)
            .filter(fallback -> fallback.divides(width))
            .orElse(TensorScheme.UNQUANTIZED);
    return Optional.of(
        new Fallback(
            next,
            "llama.cpp wants heads of %d weights in another order, which blocks of %s cannot follow"
                .formatted(width, type.get())));
  }
}
