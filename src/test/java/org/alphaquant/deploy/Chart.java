package org.alphaquant.deploy;

import com.marcnuri.helm.DryRun;
import com.marcnuri.helm.Helm;
import com.marcnuri.helm.TemplateCommand;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.yaml.snakeyaml.Yaml;

/** The chart, rendered by Helm's own code, which runs in this process. */
final class Chart {
  static final Path FOLDER = Path.of("helm");
  static final String RELEASE = "aq";
  static final String NAMESPACE = "ml";

  private Chart() {}

  static String render(Path values) {
    return template().withValuesFile(values).call();
  }

  static String notes(Path values) {
    return new Helm(Copy.FOLDER)
        .install()
        .clientOnly()
        .dryRun()
        .withDryRunOption(DryRun.CLIENT)
        .withName(RELEASE)
        .withNamespace(NAMESPACE)
        .withValuesFile(values)
        .call()
        .getOutput();
  }

  private static TemplateCommand template() {
    return new Helm(Copy.FOLDER)
        .template()
        .withName(RELEASE)
        .withNamespace(NAMESPACE)
        .withKubeVersion("1.31.0");
  }

  /** What the API server would be sent, object by object. */
  static List<Map<String, Object>> objects(String rendered) {
    List<Map<String, Object>> objects = new ArrayList<>();
    for (Object document : new Yaml().loadAll(rendered)) {
      if (document != null) {
        objects.add(mapping(document));
      }
    }
    return objects;
  }

  static String kind(Map<String, Object> object) {
    return (String) object.get("kind");
  }

  static String name(Map<String, Object> object) {
    return (String) mapping(object.get("metadata")).get("name");
  }

  @SuppressWarnings("unchecked")
  static Map<String, Object> mapping(Object node) {
    return (Map<String, Object>) node;
  }

  /** The chart as a first installation sees it: no cluster is asked what it holds already. */
  private static final class Copy {
    static final Path FOLDER = copy();

    private static Path copy() {
      try (Stream<Path> files = Files.walk(Chart.FOLDER)) {
        Path folder = Files.createTempDirectory("chart");
        for (Path file : files.filter(Files::isRegularFile).toList()) {
          Path copied = folder.resolve(Chart.FOLDER.relativize(file).toString());
          Files.createDirectories(copied.getParent());
          Files.writeString(
              copied,
              Files.readString(file)
                  .replaceAll("lookup \"v1\" \"Secret\" .Release.Namespace \\$name", "dict")
                  // The command for notes takes no version of Kubernetes, that for objects leaves
                  // out hooks.
                  .replaceAll("(?m)^kubeVersion:.*$", "")
                  .replace("helm.sh/hook: test", "helm.sh/hook-of: test"));
        }
        return folder;
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
