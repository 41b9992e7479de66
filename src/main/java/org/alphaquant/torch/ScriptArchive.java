package org.alphaquant.torch;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * A TorchScript archive made from source text. libtorch's {@code .pt} file is a zip of source that
 * is compiled when loaded, so all of ATen is reachable without native code of our own: each module
 * {@code m.py} becomes {@code __torch__.m}, and one class {@code Kernels} gets a method {@code
 * m__f} for every function {@code m.f}.
 */
record ScriptArchive(List<ScriptModule> modules) {

  private static final Pattern PARAMETER = Pattern.compile("(\\w+)\\s*:\\s*([\\w.]+)");

  // Pickles, protocol 2: an empty __torch__.Kernels with {"training": False}; an empty tuple.
  private static final byte[] KERNELS_PICKLE =
      bytes("\u0080\u0002c__torch__\nKernels\n)\u0081}(X\b\u0000\u0000\u0000training\u0089ub.");
  private static final byte[] EMPTY_TUPLE_PICKLE = bytes("\u0080\u0002).");

  ScriptArchive {
    modules = List.copyOf(modules);
  }

  static String methodName(String function) {
    return function.replace(".", "__");
  }

  byte[] toBytes() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
      store(zip, "version", bytes("3\n"));
      store(zip, "data.pkl", KERNELS_PICKLE);
      store(zip, "constants.pkl", EMPTY_TUPLE_PICKLE);
      store(zip, "code/__torch__.py", kernelsClass().getBytes(StandardCharsets.UTF_8));
      List<byte[]> code =
          modules.parallelStream()
              .map(module -> module.translated(modules).getBytes(StandardCharsets.UTF_8))
              .toList();
      for (int i = 0; i < code.size(); i++) {
        store(zip, "code/__torch__/" + modules.get(i).name() + ".py", code.get(i));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  private String kernelsClass() {
    return "class Kernels(Module):\n"
        + "  __parameters__ = []\n  __buffers__ = []\n  training : bool\n"
        + modules.parallelStream().map(this::methods).collect(Collectors.joining());
  }

  private String methods(ScriptModule module) {
    return module.functions().entrySet().stream()
        .map(
            function ->
                "  def %s(self, %s) -> %s:\n    return __torch__.%s.%s(%s)\n"
                    .formatted(
                        methodName(module.name() + "." + function.getKey()),
                        parameters(module, function.getValue()),
                        function.getValue().result(),
                        module.name(),
                        function.getKey(),
                        arguments(module, function.getValue())))
        .collect(Collectors.joining());
  }

  // Java has no named tuples: it passes their fields as a list of numbers, in order.
  private String parameters(ScriptModule module, ScriptModule.Signature signature) {
    return PARAMETER
        .matcher(signature.parameters().replaceAll(",$", ""))
        .replaceAll(
            found ->
                fields(module, found.group(2)).isEmpty()
                    ? Matcher.quoteReplacement(found.group())
                    : found.group(1) + ": List[float]");
  }

  private String arguments(ScriptModule module, ScriptModule.Signature signature) {
    return PARAMETER
        .matcher(signature.parameters())
        .results()
        .map(
            found ->
                fields(module, found.group(2))
                    .map(fields -> tuple(module, found.group(2), found.group(1), fields))
                    .orElse(found.group(1)))
        .collect(Collectors.joining(", "));
  }

  private static String tuple(
      ScriptModule module, String type, String list, Map<String, String> fields) {
    List<String> values = new ArrayList<>();
    for (String fieldType : fields.values()) {
      String number = list + "[" + values.size() + "]";
      values.add(
          switch (fieldType) {
            case "bool" -> number + " != 0.0";
            case "int" -> "int(" + number + ")";
            default -> number;
          });
    }
    String full = type.contains(".") ? type : module.name() + "." + type;
    return "__torch__.%s(%s)".formatted(full, String.join(", ", values));
  }

  // Of a parameter's type, if that is a named tuple of its own module or another.
  private Optional<Map<String, String>> fields(ScriptModule module, String type) {
    String owner = type.contains(".") ? type.substring(0, type.indexOf('.')) : module.name();
    String name = type.substring(type.indexOf('.') + 1);
    return modules.stream()
        .filter(it -> it.name().equals(owner))
        .map(it -> it.tuples().get(name))
        .filter(Objects::nonNull)
        .findFirst();
  }

  // libtorch reads entries in place, so they must not be compressed.
  private static void store(ZipOutputStream zip, String name, byte[] content) throws IOException {
    CRC32 checksum = new CRC32();
    checksum.update(content);
    ZipEntry entry = new ZipEntry("kernels/" + name);
    entry.setMethod(ZipEntry.STORED);
    entry.setSize(content.length);
    entry.setCrc(checksum.getValue());
    entry.setTime(0);
    zip.putNextEntry(entry);
    zip.write(content);
    zip.closeEntry();
  }

  private static byte[] bytes(String latin1) {
    return latin1.getBytes(StandardCharsets.ISO_8859_1);
  }
}
