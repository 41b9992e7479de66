package org.alphaquant.deploy;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What rendered objects name of each other. Secrets and claims of the values are given names. */
final class ChartReferences {
  /** Names that value sets of tests use for what an administrator has made. */
  private static final Set<String> GIVEN =
      Set.of("db", "k", "r", "s", "default", "aq-alphaquant-db-app");

  private final List<Map<String, Object>> objects;
  private final Set<String> names = new HashSet<>();

  ChartReferences(List<Map<String, Object>> objects) {
    this.objects = objects;
    objects.forEach(object -> names.add(Chart.name(object)));
  }

  /** Names of secrets, config maps, claims, accounts and scale targets that no object has. */
  List<String> missing() {
    List<String> missing = new ArrayList<>();
    for (Map<String, Object> pod : pods()) {
      walk(pod, missing);
    }
    for (Map<String, Object> object : objects) {
      Object target = spec(object).get("scaleTargetRef");
      if (target != null) {
        require((String) Chart.mapping(target).get("name"), missing);
      }
    }
    return missing;
  }

  private void walk(Object node, List<String> missing) {
    if (node instanceof List<?> list) {
      list.forEach(item -> walk(item, missing));
    } else if (node instanceof Map<?, ?> map) {
      map.forEach(
          (key, value) -> {
            switch (String.valueOf(key)) {
              case "secretKeyRef", "configMap" ->
                  require((String) Chart.mapping(value).get("name"), missing);
              case "claimName", "serviceAccountName", "secretName" ->
                  require((String) value, missing);
              default -> walk(value, missing);
            }
          });
    }
  }

  private void require(String name, List<String> missing) {
    if (!names.contains(name) && !GIVEN.contains(name)) {
      missing.add(name);
    }
  }

  /** Objects whose selector fits the labels of no pod, or that name a port no container has. */
  List<String> selectorsWithoutPods() {
    List<String> found = new ArrayList<>();
    for (Map<String, Object> object : objects) {
      Object selector =
          switch (Chart.kind(object)) {
            case "Service" -> spec(object).get("selector");
            case "NetworkPolicy" -> matchLabels(spec(object).get("podSelector"));
            case "Deployment", "StatefulSet", "PodDisruptionBudget" ->
                matchLabels(spec(object).get("selector"));
            default -> null;
          };
      if (selector != null
          && pods().stream().noneMatch(pod -> labels(pod).containsAll(entries(selector)))) {
        found.add(Chart.kind(object) + " " + Chart.name(object));
      }
    }
    return found;
  }

  private static Object matchLabels(Object selector) {
    return Chart.mapping(selector).get("matchLabels");
  }

  private static Set<Map.Entry<String, Object>> entries(Object labels) {
    return Chart.mapping(labels).entrySet();
  }

  private static Set<Map.Entry<String, Object>> labels(Map<String, Object> pod) {
    return entries(Chart.mapping(pod.get("metadata")).get("labels"));
  }

  /** Containers that are not held as the restricted pod security standard asks. */
  List<String> podsThatMayDoTooMuch() {
    List<String> found = new ArrayList<>();
    for (Map<String, Object> pod : pods()) {
      Map<String, Object> spec = spec(pod);
      Map<String, Object> security = Chart.mapping(spec.get("securityContext"));
      boolean held =
          Boolean.TRUE.equals(security.get("runAsNonRoot"))
              && Boolean.FALSE.equals(spec.get("automountServiceAccountToken"))
              && Chart.mapping(security.get("seccompProfile")).get("type").equals("RuntimeDefault");
      for (Object container : (List<?>) spec.get("containers")) {
        Map<String, Object> own = Chart.mapping(Chart.mapping(container).get("securityContext"));
        held &=
            Boolean.TRUE.equals(own.get("readOnlyRootFilesystem"))
                && Boolean.FALSE.equals(own.get("allowPrivilegeEscalation"))
                && Chart.mapping(own.get("capabilities")).get("drop").equals(List.of("ALL"));
      }
      if (!held) {
        found.add(String.valueOf(labels(pod)));
      }
    }
    return found;
  }

  /** Pods, and the templates of those that make pods. */
  private List<Map<String, Object>> pods() {
    List<Map<String, Object>> pods = new ArrayList<>();
    for (Map<String, Object> object : objects) {
      if (Chart.kind(object).equals("Pod")) {
        pods.add(object);
      } else if (spec(object).get("template") != null) {
        pods.add(Chart.mapping(spec(object).get("template")));
      }
    }
    return pods;
  }

  private static Map<String, Object> spec(Map<String, Object> object) {
    Object spec = object.get("spec");
    return spec == null ? Map.of() : Chart.mapping(spec);
  }
}
