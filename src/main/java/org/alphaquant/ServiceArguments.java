package org.alphaquant;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Finds what is wrong with the service's arguments before anything is started. */
final class ServiceArguments {
  private static final String METADATA = "/META-INF/spring-configuration-metadata.json";
  private static final String OWN = "alphaquant.";
  private static final Set<String> LIBRARIES =
      Set.of("server", "spring", "management", "logging", "springdoc", "debug", "trace", "info");

  private ServiceArguments() {}

  /** A sentence for each argument that no part of the service would read. */
  static List<String> faults(List<String> arguments) {
    List<String> faults = new ArrayList<>();
    for (String argument : arguments) {
      if (!argument.startsWith("--") || argument.equals("--")) {
        faults.add(
            "argument \"%s\" is no property (--name=value); a command comes before its options"
                .formatted(argument));
      } else {
        String name = argument.substring(2).split("=", 2)[0];
        if (name.startsWith(OWN) ? !isKnown(name) : !LIBRARIES.contains(name.split("\\.")[0])) {
          faults.add("--%s is no property of the service%s".formatted(name, nearest(name)));
        }
      }
    }
    return faults;
  }

  /** List elements and map keys follow the name of their property. */
  private static boolean isKnown(String name) {
    String canonical = canonical(name);
    return canonicalNames().stream()
        .anyMatch(
            known ->
                canonical.equals(known)
                    || canonical.startsWith(known + ".")
                    || canonical.startsWith(known + "["));
  }

  private static String nearest(String name) {
    String last = canonical(name.substring(name.lastIndexOf('.') + 1));
    List<String> near =
        names().stream()
            .filter(known -> canonical(known.substring(known.lastIndexOf('.') + 1)).equals(last))
            .toList();
    return near.isEmpty() ? "" : "; did you mean --%s?".formatted(String.join(" or --", near));
  }

  private static Set<String> canonicalNames() {
    return names().stream().map(ServiceArguments::canonical).collect(Collectors.toSet());
  }

  /** Dashes and case do not count (Spring Boot's relaxed binding). */
  private static String canonical(String name) {
    return name.replace("-", "").toLowerCase(java.util.Locale.ROOT);
  }

  private static Set<String> names() {
    try (InputStream metadata = ServiceArguments.class.getResourceAsStream(METADATA)) {
      JsonNode properties = JsonMapper.shared().readTree(metadata).path("properties");
      return properties
          .valueStream()
          .map(it -> it.path("name").asString())
          .filter(it -> it.startsWith(OWN))
          .collect(Collectors.toCollection(TreeSet::new));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
