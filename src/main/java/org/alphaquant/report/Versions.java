package org.alphaquant.report;

import ai.djl.engine.Engine;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Versions of the software that computed a result. */
public final class Versions {

  private Versions() {}

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
