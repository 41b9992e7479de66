package org.alphaquant.torch;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * One file of {@code resources/torchscript}. The sources are plain PyTorch that Python runs as it
 * stands. libtorch's loader needs the qualified name of every function and the number of every
 * dtype, and supports neither imports nor exceptions: {@link #translated} inserts them.
 *
 * @param name module name, the file's without {@code .py}
 * @param source text of the file
 * @param functions every function by name
 * @param tuples the fields of every named tuple, name to type in order, by the tuple's name
 */
record ScriptModule(
    String name,
    String source,
    Map<String, Signature> functions,
    Map<String, Map<String, String>> tuples) {

  private static final Pattern FUNCTION =
      Pattern.compile("^def (\\w+)\\(([^)]*)\\) -> (.+?):\\s*$", Pattern.MULTILINE);
  private static final Pattern TUPLE =
      Pattern.compile("^class (\\w+)\\(NamedTuple\\):\\n((?: +.*\\n)+)", Pattern.MULTILINE);
  private static final Pattern FIELD = Pattern.compile("(?m)^ +(\\w+)\\s*:\\s*(\\w+)");
  private static final Pattern IMPORT = Pattern.compile("(?m)^(?:import|from) .*\\n");
  private static final Pattern DOCUMENTATION = Pattern.compile("(?s)\\A\\s*\"\"\".*?\"\"\"");
  private static final Pattern DTYPE =
      Pattern.compile("\\btorch\\.([a-z]+[0-9]\\w*|bool)\\b(?!\\()");

  /** A function's parameters and result, as the source has them. */
  record Signature(String parameters, String result) {}

  ScriptModule(String name, String source) {
    this(name, source, functions(source), tuples(source));
  }

  private static Map<String, Signature> functions(String source) {
    return byName(
        source,
        FUNCTION,
        found -> new Signature(found.group(2).replaceAll("\\s+", " ").strip(), found.group(3)));
  }

  private static Map<String, Map<String, String>> tuples(String source) {
    return byName(
        source,
        TUPLE,
        found -> {
          Map<String, String> fields = new LinkedHashMap<>();
          FIELD
              .matcher(found.group(2))
              .results()
              .forEach(field -> fields.put(field.group(1), field.group(2)));
          return fields;
        });
  }

  /**
   * The source as libtorch loads it.
   *
   * @param modules all modules, this one among them
   */
  String translated(List<ScriptModule> modules) {
    String text = DOCUMENTATION.matcher(source).replaceFirst("");
    text = IMPORT.matcher(text).replaceAll("");
    text = text.replace("torch.nn.functional.", "torch.").replaceAll("\\bF\\.", "torch.");
    text = text.replace("torch.linalg.", "torch.linalg_").replace("torch.autograd.", "torch.");
    text = text.replaceAll("\\braise \\w+\\(", "ops.prim.RaiseException(");
    text = DTYPE.matcher(text).replaceAll(found -> number(found.group(1)));
    for (ScriptModule module : modules) {
      boolean own = module.name.equals(name);
      if (own || text.contains(module.name + ".")) {
        text = module.qualified(text, own ? "" : module.name + "\\.");
      }
    }
    return text;
  }

  // The full name wherever `text` uses this module's functions and tuples behind `prefix`.
  private String qualified(String text, String prefix) {
    String start = "(?<![\\w.\"'])(?<!def )(?<!class )" + prefix;
    String full = "__torch__." + name + ".$1";
    String calls = start + "(" + String.join("|", functions.keySet()) + ")(?=\\()";
    String called = text.replaceAll(calls, full);
    return tuples.isEmpty()
        ? called
        : called.replaceAll(start + "(" + String.join("|", tuples.keySet()) + ")\\b", full);
  }

  private static String number(String dtype) {
    return Arrays.stream(TorchDtype.values())
        .filter(it -> it.pythonName().equals(dtype))
        .map(it -> String.valueOf(it.number()))
        .findFirst()
        .orElse("torch." + dtype);
  }

  private static <T> Map<String, T> byName(
      String source, Pattern pattern, Function<MatchResult, T> value) {
    return pattern
        .matcher(source)
        .results()
        .collect(
            Collectors.toMap(found -> found.group(1), value, (one, other) -> one, TreeMap::new));
  }
}
