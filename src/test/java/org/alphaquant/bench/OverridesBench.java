package org.alphaquant.bench;

import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.alphaquant.architecture.ModuleDescription;
import org.alphaquant.scheme.Models;
import org.alphaquant.scheme.QuantizationConfig;
import tools.jackson.databind.json.JsonMapper;

/**
 * What configurations cost that have as many overrides as there may be, each as long as it may be:
 * {@code java -cp target/test-classes:target/classes:... org.alphaquant.bench.OverridesBench}.
 */
public final class OverridesBench {
  private static final int OVERRIDES = 1000;

  private OverridesBench() {}

  public static void main(String[] arguments) {
    List<ModuleDescription> modules = Models.olmoe(16, 64, 2048, 1024);
    Map<String, IntFunction<String>> patterns = new TreeMap<>();
    patterns.put("1 long words", i -> i + "x".repeat(475));
    patterns.put("2 stars between letters", i -> "*o".repeat(12) + "*" + i + "*" + "?".repeat(9));
    patterns.put("3 long stars", i -> "*[a-z]?".repeat(8) + "*.".repeat(5) + i + "*");
    patterns.put("4 long classes", i -> "*[" + "0".repeat(470) + "]Z" + i + "*");
    patterns.put("5 each matches some", i -> "*" + "[!" + "Z".repeat(300) + "]*" + i % 64 + ".*");
    patterns.forEach((name, of) -> measure(name, of, modules));
  }

  private static void measure(
      String name, IntFunction<String> pattern, List<ModuleDescription> modules) {
    String overrides =
        IntStream.range(0, OVERRIDES)
            .mapToObj(i -> "{\"pattern\": \"%s\", \"wq\": \"int8\"}".formatted(pattern.apply(i)))
            .collect(Collectors.joining(","));
    String config = "{\"overrides\": [" + overrides + "]}";
    long before = cpuMillis();
    int findings =
        QuantizationConfig.parse(JsonMapper.shared().readTree(config))
            .resolve(modules)
            .findings()
            .size();
    System.out.printf(
        "%-26s %d overrides, %d modules: %d ms of CPU, %d findings%n",
        name, OVERRIDES, modules.size(), cpuMillis() - before, findings);
  }

  private static long cpuMillis() {
    return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() / 1_000_000;
  }
}
