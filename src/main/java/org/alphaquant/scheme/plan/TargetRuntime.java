package org.alphaquant.scheme.plan;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.alphaquant.scheme.ModuleScheme;
import org.alphaquant.storage.StorageFormat;
import org.alphaquant.storage.formats.StorageFormats;

/** The program that is to serve the checkpoint. */
public enum TargetRuntime {
  VLLM,
  SGLANG,
  TRANSFORMERS,
  LLAMA_CPP("llama.cpp"),
  /** None in particular: only what the checkpoint format itself demands is checked. */
  NONE;

  private final String jsonName;

  TargetRuntime() {
    this.jsonName = name().toLowerCase(Locale.ROOT);
  }

  TargetRuntime(String jsonName) {
    this.jsonName = jsonName;
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

  /** The format for modules where none is asked for. */
  StorageFormat format(List<ModuleScheme> modules) {
    return this == LLAMA_CPP
        ? StorageFormats.GGUF
        : StorageFormats.choose(modules.stream().filter(ModuleScheme::isQuantized).toList());
  }

  public String jsonName() {
    return jsonName;
  }
}
