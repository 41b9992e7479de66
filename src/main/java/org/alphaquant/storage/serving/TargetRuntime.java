package org.alphaquant.storage.serving;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** The program that is to serve the checkpoint. */
public enum TargetRuntime {
  VLLM("vLLM"),
  SGLANG("SGLang"),
  TRANSFORMERS("transformers"),
  LLAMA_CPP("llama.cpp"),
  /** No particular engine: only the checkpoint format's own rules are checked. */
  NONE("none");

  private final String label;

  TargetRuntime(String label) {
    this.label = label;
  }

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
    return label.toLowerCase(Locale.ROOT);
  }

  /** The name as its makers write it. */
  public String label() {
    return label;
  }
}
