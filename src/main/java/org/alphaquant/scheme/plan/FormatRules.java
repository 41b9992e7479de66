package org.alphaquant.scheme.plan;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.alphaquant.format.TensorScheme;
import org.alphaquant.problem.Problem;
import org.alphaquant.scheme.ModuleScheme;
import org.alphaquant.storage.StorageFormat;
import org.alphaquant.storage.formats.StorageFormats;
import org.alphaquant.storage.serving.ServedCheckpoint;
import org.alphaquant.storage.serving.TargetRuntime;

/** Checks schemes against the checkpoint format. */
final class FormatRules {
  private FormatRules() {}

  static List<Problem> check(
      StorageFormat format, ServedCheckpoint checkpoint, boolean requested, TargetRuntime target) {
    List<Problem> findings = new ArrayList<>(refusals(format, checkpoint));
    boolean quantized = checkpoint.quantized().findAny().isPresent();
    if (quantized && !requested && format.equals(StorageFormats.PLAIN)) {
      findings.add(dequantized(checkpoint, target));
    }
    findings.addAll(activations(format, checkpoint));
    return findings;
  }

  private static List<Problem> refusals(StorageFormat format, ServedCheckpoint checkpoint) {
    Map<String, Problem> refusals = new LinkedHashMap<>();
    checkpoint
        .quantized()
        .forEach(
            module ->
                format
                    .refuses(module)
                    .ifPresent(reason -> refusals.putIfAbsent(reason, refusal(module, reason))));
    return List.copyOf(refusals.values());
  }

  private static Problem refusal(ModuleScheme module, String reason) {
    String detail = "%s (%s)".formatted(reason, module.name());
    String label = module.scheme().label();
    return Problem.error("format-cannot-hold", module.formatPointer(), label, detail);
  }

  private static Problem dequantized(ServedCheckpoint checkpoint, TargetRuntime target) {
    String schemes =
        checkpoint
            .quantized()
            .map(module -> module.scheme().format().jsonName())
            .distinct()
            .collect(Collectors.joining(", "));
    String detail =
        "no checkpoint format holds %s together, so the quantized values are written in bf16: it loads anywhere and saves no space"
            .formatted(schemes);
    return target == TargetRuntime.NONE
        ? Problem.note("written-dequantized", "", schemes, detail)
        : Problem.warning("written-dequantized", "", schemes, detail);
  }

  private static List<Problem> activations(StorageFormat format, ServedCheckpoint checkpoint) {
    Map<TensorScheme, Problem> dropped = new LinkedHashMap<>();
    checkpoint
        .quantized()
        .filter(module -> module.scheme().hasActivation())
        .filter(module -> !format.stored(module.scheme()).equals(module.scheme()))
        .forEach(module -> dropped.putIfAbsent(module.scheme(), dropped(format, module)));
    return List.copyOf(dropped.values());
  }

  private static Problem dropped(StorageFormat format, ModuleScheme module) {
    String activation = module.scheme().activation().jsonName();
    String detail =
        "%s cannot say that inputs of %s weights are %s, so engines will leave them in 16 bits"
            .formatted(format.name(), module.scheme().format().jsonName(), activation);
    return Problem.warning(
        "activation-not-exported", module.activationPointer(), activation, detail);
  }
}
