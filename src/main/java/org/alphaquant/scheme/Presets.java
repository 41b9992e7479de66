package org.alphaquant.scheme;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.json.JsonMapper;

/** The built-in configurations. */
public final class Presets {
  private static final List<String> NAMES =
      List.of(
          "int4-g128",
          "olmoe",
          "mixtral",
          "mxfp4-experts",
          "fp8",
          "nvfp4",
          "gguf-q4",
          "gguf-q3-mixed");
  private static final List<Preset> ALL = NAMES.stream().map(Presets::read).toList();

  private Presets() {}

  /** All of them, the most generally useful first. */
  public static List<Preset> all() {
    return ALL;
  }

  /** The preset of that name. */
  public static Optional<Preset> named(String name) {
    return ALL.stream().filter(preset -> preset.name().equals(name)).findFirst();
  }

  private static Preset read(String name) {
    try (InputStream json = Presets.class.getResourceAsStream("/presets/" + name + ".json")) {
      return JsonMapper.shared().readValue(json, Preset.class);
    } catch (IOException problem) {
      throw new UncheckedIOException(problem);
    }
  }
}
