package org.alphaquant.report;

import ai.djl.engine.Engine;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Versions of the software that computed a result. */
public final class Versions {

  private Versions() {}

  /** The same, and the kind of device that computed. */
  public static Map<String, String> on(String device) {
    Map<String, String> versions = all();
    versions.put("device", device);
    return versions;
  }

  public static Map<String, String> all() {
    Map<String, String> versions = new TreeMap<>();
    versions.put(
        "alphaquant",
        Optional.ofNullable(Versions.class.getPackage().getImplementationVersion())
            .orElse("development"));
    versions.put("java", Runtime.version().toString());
    versions.put("pytorch", Engine.getEngine("PyTorch").getVersion());
    return versions;
  }
}
