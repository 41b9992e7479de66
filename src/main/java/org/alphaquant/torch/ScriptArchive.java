package org.alphaquant.torch;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;
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
record ScriptArchive(Map<String, String> modules) {

  private static final Pattern SIGNATURE =
      Pattern.compile("^def (\\w+)\\(([^)]*)\\) -> (.+?):\\s*$", Pattern.MULTILINE);
  private static final Pattern PARAMETER = Pattern.compile("(\\w+)\\s*:");

  // Pickles, protocol 2: an empty __torch__.Kernels with {"training": False}; an empty tuple.
  private static final byte[] KERNELS_PICKLE =
      bytes("\u0080\u0002c__torch__\nKernels\n)\u0081}(X\b\u0000\u0000\u0000training\u0089ub.");
  private static final byte[] EMPTY_TUPLE_PICKLE = bytes("\u0080\u0002).");

  ScriptArchive {
    modules = Map.copyOf(modules);
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
      for (Map.Entry<String, String> module : new TreeMap<>(modules).entrySet()) {
        store(
            zip,
            "code/__torch__/" + module.getKey() + ".py",
            module.getValue().getBytes(StandardCharsets.UTF_8));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  private String kernelsClass() {
    String methods =
        new TreeMap<>(modules)
            .entrySet().stream()
                .map(module -> methods(module.getKey(), module.getValue()))
                .collect(Collectors.joining());
    return "class Kernels(Module):\n"
        + "  __parameters__ = []\n  __buffers__ = []\n  training : bool\n"
        + methods;
  }

  private static String methods(String module, String source) {
    return SIGNATURE
        .matcher(source)
        .results()
        .map(
            signature -> {
              String parameters = signature.group(2).replaceAll("\\s+", " ").strip();
              return "  def %s(self, %s) -> %s:\n    return __torch__.%s.%s(%s)\n"
                  .formatted(
                      methodName(module + "." + signature.group(1)),
                      parameters,
                      signature.group(3),
                      module,
                      signature.group(1),
                      names(parameters));
            })
        .collect(Collectors.joining());
  }

  private static String names(String parameters) {
    Matcher names = PARAMETER.matcher(parameters);
    return names.results().map(name -> name.group(1)).collect(Collectors.joining(", "));
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
