package org.alphaquant.storage.gguf;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.alphaquant.checkpoint.Dtype;
import org.alphaquant.checkpoint.Links;
import org.alphaquant.checkpoint.TensorInfo;
import org.alphaquant.checkpoint.WrittenFile;
import org.alphaquant.scheme.ModuleScheme;
import org.alphaquant.storage.Content;
import org.alphaquant.storage.PlannedTensor;
import org.alphaquant.storage.ResultFiles;
import org.alphaquant.storage.ResultTensor;
import org.alphaquant.storage.gguf.EngineTensor.Rows;
import tools.jackson.core.JacksonException;

/** A result's content laid out for llama.cpp. */
final class GgufContent {

  private final Content content;
  private final Dtype unquantized;
  private final boolean outerScales;
  private final Map<String, TensorInfo> plain;
  private final Map<String, ModuleScheme> quantized;

  /**
   * @param format with the type of matrices that are not quantized
   */
  GgufContent(Content content, GgufStorage format) {
    this.content = content;
    this.unquantized = format.unquantized();
    this.outerScales = format.outerScales();
    this.plain =
        content.plain().stream().collect(Collectors.toMap(TensorInfo::name, Function.identity()));
    this.quantized =
        content.quantized().stream()
            .collect(Collectors.toMap(module -> module.name() + ".weight", Function.identity()));
  }

  /** Empty for a family that llama.cpp has no architecture for. */
  Optional<GgufModel> model() {
    return GgufModel.of(content.config(), content.description(), shapes());
  }

  /** What the engine's files hold; empty where that cannot be said. */
  List<EngineTensor> wanted() {
    try {
      return model().map(GgufModel::tensors).orElse(List.of());
    } catch (JacksonException wrongType) {
      return List.of();
    }
  }

  private Map<String, List<Long>> shapes() {
    Map<String, List<Long>> shapes = new LinkedHashMap<>();
    content.plain().forEach(tensor -> shapes.put(tensor.name(), tensor.shape()));
    quantized.forEach(
        (name, module) ->
            shapes.putIfAbsent(
                name, List.of(module.module().outFeatures(), module.module().inFeatures())));
    return shapes;
  }

  /** Why the files cannot be written. */
  List<String> obstacles(Path source, Links links) {
    try {
      return known(source, links);
    } catch (JacksonException wrongType) {
      return List.of(
          "a setting of config.json or tokenizer.json is not what llama.cpp's key takes: "
              + wrongType.getOriginalMessage());
    }
  }

  private List<String> known(Path source, Links links) {
    String family = content.description().family();
    Optional<GgufModel> model = model();
    if (model.isEmpty()) {
      return List.of("llama.cpp has no architecture that is known here for the family " + family);
    }
    List<String> obstacles = new ArrayList<>(model.get().homeless());
    model.get().tensors().forEach(tensor -> together(tensor).ifPresent(obstacles::add));
    try {
      GgufTokenizer.metadata(source, links, content.config(), content.description().vocabulary());
    } catch (GgufException unknown) {
      obstacles.add(unknown.getMessage());
    }
    return obstacles;
  }

  // All parts of one tensor of the engine must have one type.
  private Optional<String> together(EngineTensor tensor) {
    Map<Optional<GgufType>, String> types = new LinkedHashMap<>();
    for (String name : sources(tensor)) {
      types.putIfAbsent(type(name), name);
    }
    if (types.size() > 1) {
      List<String> shown =
          types.entrySet().stream()
              .map(
                  entry ->
                      entry.getValue()
                          + " as "
                          + entry.getKey().map(Enum::name).orElse("unquantized"))
              .toList();
      return Optional.of(
          "llama.cpp keeps %s in one tensor of one type, not %s"
              .formatted(tensor.name(), String.join(" and ", shown)));
    }
    boolean turned =
        tensor.parts().stream().anyMatch(part -> part instanceof Rows rows && rows.transposed());
    boolean flat = tensor.shape().size() == 1;
    return types.keySet().iterator().hasNext() && isQuantized(types) && (turned || flat)
        ? Optional.of(
            "llama.cpp keeps %s as %s, whose groups do not run along the model's rows; leave %s unquantized"
                .formatted(
                    types.values().iterator().next(),
                    tensor.name(),
                    types.values().iterator().next()))
        : Optional.empty();
  }

  private static boolean isQuantized(Map<Optional<GgufType>, String> types) {
    return types.keySet().iterator().next().isPresent();
  }

  private Optional<GgufType> type(String name) {
    return Optional.ofNullable(quantized.get(name))
        .flatMap(module -> GgufScheme.type(module.scheme()));
  }

  private static Set<String> sources(EngineTensor tensor) {
    return tensor.parts().stream()
        .filter(Rows.class::isInstance)
        .map(part -> ((Rows) part).tensor())
        .collect(Collectors.toCollection(LinkedHashSet::new));
  }

  List<PlannedTensor> planned() {
    return model().orElseThrow().tensors().stream()
        .map(this::assembly)
        .flatMap(
            assembly ->
                outerScales && assembly.type() == GgufType.NVFP4
                    ? Stream.of(assembly.planned(), assembly.plannedScale())
                    : Stream.of(assembly.planned()))
        .toList();
  }

  private EngineAssembly assembly(EngineTensor tensor) {
    Set<String> sources = sources(tensor);
    if (sources.isEmpty()) {
      return new EngineAssembly(tensor, GgufType.F32, false);
    }
    String first = sources.iterator().next();
    Optional<GgufType> type = type(first);
    return type.map(own -> new EngineAssembly(tensor, own, true))
        .orElseGet(() -> new EngineAssembly(tensor, plainType(tensor, first), false));
  }

  private GgufType plainType(EngineTensor tensor, String source) {
    if (!tensor.matrix()) {
      return GgufType.F32;
    }
    return switch (unquantized == null ? plain.get(source).dtype() : unquantized) {
      case F16 -> GgufType.F16;
      case BF16 -> GgufType.BF16;
      default -> GgufType.F32;
    };
  }

  List<WrittenFile> write(ResultFiles files) {
    Map<String, MetadataValue> metadata =
        new LinkedHashMap<>(model().orElseThrow().metadata(name(files.source())));
    metadata.put("general.file_type", MetadataValue.u32(commonest(files).fileType()));
    metadata.putAll(
        GgufTokenizer.metadata(
            files.source(), files.links(), files.config(), content.description().vocabulary()));
    metadata.put(GgufCheckpoint.key(), GgufCheckpoint.listed(listed()));
    List<GgufTensor> tensors = new ArrayList<>();
    for (int i = 0; i < files.planned().size(); i++) {
      ResultTensor tensor = files.planned().get(i).tensor();
      tensors.add(
          new GgufTensor(
              tensor.name(),
              GgufType.valueOf(tensor.dtype()),
              tensor.shape(),
              files.tensors().get(i)::writeTo));
    }
    List<WrittenFile> written =
        GgufWriter.write(
            files.folder(), GgufStorage.NAME, metadata, tensors, files.maxShardBytes());
    files.writeCompanions();
    return written;
  }

  // The model's tensors as they can be read from the files again.
  private List<TensorInfo> listed() {
    Map<String, TensorInfo> listed = new LinkedHashMap<>();
    Map<String, List<Long>> shapes = shapes();
    for (EngineTensor tensor : model().orElseThrow().tensors()) {
      GgufType type = assembly(tensor).type();
      Dtype dtype = type.isQuantized() ? Dtype.F32 : Dtype.valueOf(type.name());
      for (String name : sources(tensor)) {
        listed.put(name, new TensorInfo(name, dtype, shapes.get(name)));
      }
    }
    return List.copyOf(listed.values());
  }

  private static GgufType commonest(ResultFiles files) {
    Map<GgufType, Long> bytes = new EnumMap<>(GgufType.class);
    files
        .planned()
        .forEach(
            planned ->
                bytes.merge(
                    GgufType.valueOf(planned.tensor().dtype()),
                    planned.tensor().bytes(),
                    Long::sum));
    return commonest(bytes);
  }

  /** The type that a file is known by: of its quantized types, if any, that with most bytes. */
  static GgufType commonest(Map<GgufType, Long> bytes) {
    boolean quantized = bytes.keySet().stream().anyMatch(GgufType::isQuantized);
    return bytes.entrySet().stream()
        .filter(entry -> entry.getKey().isQuantized() == quantized)
        .max(Map.Entry.comparingByValue())
        .orElseThrow()
        .getKey();
  }

  /** What users read as the model's name: the folder's, or the repository's in a hub's cache. */
  static String name(Path source) {
    Path folder = source.toAbsolutePath().normalize();
    Path snapshots = folder.getParent();
    if (snapshots != null && snapshots.endsWith("snapshots") && snapshots.getParent() != null) {
      folder = snapshots.getParent();
    }
    Path name = folder.getFileName();
    if (name == null) {
      return GgufStorage.NAME;
    }
    String[] parts = name.toString().split("--");
    return parts[parts.length - 1];
  }
}
