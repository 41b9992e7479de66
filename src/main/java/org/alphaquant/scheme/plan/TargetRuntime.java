package org.alphaquant.scheme.plan;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** The program that is to serve the checkpoint. */
public enum TargetRuntime {
  VLLM,
  SGLANG,
  TRANSFORMERS,
  /** None in particular: only what the checkpoint format itself demands is checked. */
  NONE;

  /** The runtime of that JSON name. */
  public static Optional<TargetRuntime> named(String jsonName) {
    return Arrays.stream(values())
        .filter(runtime -> runtime.jsonName().equals(jsonName))
        .findFirst();
  }

  /** Every JSON name. */
  public static List<String> jsonNames() {
    return Arrays.stream(values()).map(TargetRuntime::jsonName).toList();
  }

  public String jsonName() {
    return name().toLowerCase(Locale.ROOT);
  }
}
