package org.alphaquant.api.job;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.springframework.core.io.ClassPathResource;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/** The contract's schema of a job, as a JSON Schema (draft 2020-12) that editors take as it is. */
@RestController
class SchemaController {

  private static final String CONTRACT = "static/openapi.yaml";
  private static final String HERE = "#/$defs/";
  private static final String THERE = "#/components/schemas/";

  private volatile Map<String, Object> job;

  @GetMapping(path = "/v1/schemas/job", produces = MediaType.APPLICATION_JSON_VALUE)
  Object job() {
    Map<String, Object> known = job;
    if (known == null) {
      known = read("JobSpec");
      job = known;
    }
    return known;
  }

  private static Map<String, Object> read(String root) {
    Map<?, ?> schemas = schemas();
    Map<String, Object> used = new TreeMap<>();
    collect(root, schemas, used);
    Map<String, Object> document = new LinkedHashMap<>();
    document.put("$schema", "https://json-schema.org/draft/2020-12/schema");
    document.put("title", "A job of AlphaQuant Server");
    document.put("$ref", HERE + root);
    document.put("$defs", used);
    return document;
  }

  private static Map<?, ?> schemas() {
    try (InputStream contract = new ClassPathResource(CONTRACT).getInputStream()) {
      Map<?, ?> document = new Yaml(new SafeConstructor(new LoaderOptions())).load(contract);
      return (Map<?, ?>) ((Map<?, ?>) document.get("components")).get("schemas");
    } catch (IOException e) {
      throw new UncheckedIOException("the contract cannot be read from the jar", e);
    }
  }

  private static void collect(String name, Map<?, ?> schemas, Map<String, Object> used) {
    if (!used.containsKey(name)) {
      used.put(name, Map.of());
      used.put(name, moved(schemas.get(name), schemas, used));
    }
  }

  /** The same, with its references rewritten to its new place. */
  private static Object moved(Object node, Map<?, ?> schemas, Map<String, Object> used) {
    if (node instanceof List<?> list) {
      // Null is a value that a field may have.
      return list.stream().map(it -> moved(it, schemas, used)).collect(Collectors.toList());
    }
    if (!(node instanceof Map<?, ?> map)) {
      return node;
    }
    Map<String, Object> copy = new LinkedHashMap<>();
    map.forEach((key, value) -> copy.put((String) key, moved(value, schemas, used)));
    if (copy.get("$ref") instanceof String reference && reference.startsWith(THERE)) {
      String name = reference.substring(THERE.length());
      collect(name, schemas, used);
      copy.put("$ref", HERE + name);
    }
    return copy;
  }
}
