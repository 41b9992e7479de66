package org.alphaquant.storage.gguf;

import java.util.LinkedHashMap;
import java.util.Map;

/** Metadata of one architecture, whose name precedes its keys. */
final class EngineKeys {

  private final String architecture;
  private final Map<String, MetadataValue> values = new LinkedHashMap<>();

  EngineKeys(String architecture) {
    this.architecture = architecture;
    values.put("general.architecture", MetadataValue.string(architecture));
  }

  void u32(String key, long value) {
    put(key, MetadataValue.u32(value));
  }

  void f32(String key, double value) {
    put(key, MetadataValue.f32(value));
  }

  void bool(String key, boolean value) {
    put(key, MetadataValue.bool(value));
  }

  void string(String key, String value) {
    put(key, MetadataValue.string(value));
  }

  void put(String key, MetadataValue value) {
    values.put(architecture + "." + key, value);
  }

  Map<String, MetadataValue> values() {
    return values;
  }
}
