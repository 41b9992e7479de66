package org.alphaquant.storage.formats;

import java.util.Collection;
import java.util.List;
import java.util.Optional;
import org.alphaquant.scheme.ModuleScheme;
import org.alphaquant.storage.StorageFormat;
import org.alphaquant.storage.compressedtensors.CompressedTensorsStorage;
import org.alphaquant.storage.gguf.GgufStorage;
import org.alphaquant.storage.gptq.GptqStorage;
import org.alphaquant.storage.mxfp4.Mxfp4Storage;
import org.alphaquant.storage.plain.PlainStorage;
import org.alphaquant.storage.quark.QuarkStorage;
import org.alphaquant.storage.serving.TargetRuntime;

/** Every format that results can be stored in. */
public final class StorageFormats {

  public static final StorageFormat COMPRESSED_TENSORS = new CompressedTensorsStorage();
  public static final StorageFormat GPTQ = new GptqStorage();
  public static final StorageFormat QUARK = new QuarkStorage();
  public static final StorageFormat GGUF = new GgufStorage(null);
  public static final StorageFormat MXFP4 = new Mxfp4Storage();
  public static final StorageFormat PLAIN = new PlainStorage();

  private static final List<StorageFormat> ALL =
      List.of(COMPRESSED_TENSORS, GPTQ, QUARK, MXFP4, GGUF, PLAIN);

  private StorageFormats() {}

  public static List<StorageFormat> all() {
    return ALL;
  }

  /** The format of that JSON name. */
  public static Optional<StorageFormat> named(String name) {
    return ALL.stream().filter(format -> format.name().equals(name)).findFirst();
  }

  /** Every JSON name. */
  public static List<String> names() {
    return ALL.stream().map(StorageFormat::name).toList();
  }

  /**
   * The default format: the only one that the target reads; else the first of compressed-tensors,
   * Quark and plain tensors that can store every module.
   */
  public static StorageFormat choose(Collection<ModuleScheme> modules, TargetRuntime target) {
    List<StorageFormat> read =
        ALL.stream().filter(format -> format.readers().containsKey(target)).toList();
    return read.size() == 1 ? read.get(0) : choose(modules);
  }

  private static StorageFormat choose(Collection<ModuleScheme> modules) {
    return List.of(COMPRESSED_TENSORS, QUARK).stream()
        .filter(format -> modules.stream().noneMatch(module -> format.refuses(module).isPresent()))
        .findFirst()
        .orElse(PLAIN);
  }
}
