package org.alphaquant.run;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.alphaquant.checkpoint.Dtype;
import org.alphaquant.checkpoint.SafetensorsFile;
import org.alphaquant.checkpoint.SafetensorsWriter;
import org.alphaquant.checkpoint.TensorInfo;
import org.alphaquant.checkpoint.TensorSource;
import org.alphaquant.prepare.JobInputs;
import org.alphaquant.prepare.SourceSettings;
import org.alphaquant.prepare.SourceSettings.Roots;
import tools.jackson.databind.json.JsonMapper;

/**
 * Copies of all bundled models, with a tokenizer that each of them has room for.
 *
 * @param names of the folders below {@code models}
 * @param inputs finds the models, and {@code text.txt}
 */
record BundledModels(List<String> names, JobInputs inputs) {

  private static final int WORDS = 60;
  private static final int PREDICTING = 3;

  static BundledModels copyTo(Path root) throws IOException {
    List<String> names = new ArrayList<>();
    for (String kind : List.of("micro", "variants")) {
      try (Stream<Path> folders = Files.list(Path.of("src/test/resources", kind)).sorted()) {
        for (Path folder : folders.toList()) {
          copy(folder, root.resolve("models").resolve(folder.getFileName()));
          names.add(folder.getFileName().toString());
        }
      }
    }
    predicting(root.resolve("models/olmoe"), root.resolve("models/olmoe-predicting"));
    names.add("olmoe-predicting");
    Random random = new Random(1);
    Files.writeString(
        root.resolve("text.txt"),
        IntStream.range(0, 400)
            .mapToObj(i -> "w" + random.nextInt(WORDS))
            .collect(Collectors.joining(" ")));
    SourceSettings settings =
        new SourceSettings(new Roots(List.of(root.resolve("models"))), new Roots(List.of(root)));
    return new BundledModels(names, new JobInputs(settings));
  }

  // The smallest models have room for no tokenizer but one of a few words.
  private static void copy(Path from, Path to) throws IOException {
    Files.createDirectories(to);
    try (Stream<Path> files = Files.list(from)) {
      for (Path file : files.filter(it -> !it.toString().contains("reference")).toList()) {
        Files.copy(file, to.resolve(file.getFileName()));
      }
    }
    Map<String, Integer> vocabulary = new TreeMap<>();
    IntStream.range(0, WORDS).forEach(i -> vocabulary.put("w" + i, i));
    // Pairs are never merged, words are found whole: llama.cpp knows this kind of tokenizer, too.
    Map<String, Object> model =
        Map.of(
            "type",
            "BPE",
            "vocab",
            vocabulary,
            "merges",
            List.of(),
            "unk_token",
            "w0",
            "byte_fallback",
            true,
            "ignore_merges",
            true);
    Files.writeString(
        to.resolve("tokenizer.json"),
        JsonMapper.shared()
            .writeValueAsString(
                Map.of(
                    "version",
                    "1.0",
                    "added_tokens",
                    List.of(),
                    "pre_tokenizer",
                    Map.of("type", "WhitespaceSplit"),
                    "model",
                    model)));
  }

  // No bundled model has a layer that predicts further tokens, which the forward pass leaves out.
  private static void predicting(Path from, Path to) throws IOException {
    copy(from, to);
    try (SafetensorsFile file = SafetensorsFile.open(from.resolve("model.safetensors"))) {
      List<TensorSource> tensors = new ArrayList<>();
      file.names().forEach(name -> tensors.add(file.source(name)));
      for (String name : List.of("eh_proj", "shared_head.head", "enorm")) {
        List<Long> shape = name.equals("enorm") ? List.of(32L) : List.of(32L, 64L);
        TensorInfo info =
            new TensorInfo(
                "model.layers." + PREDICTING + "." + name + ".weight", Dtype.BF16, shape);
        tensors.add(TensorSource.of(info, ByteBuffer.allocate((int) info.bytes())));
      }
      Files.delete(to.resolve("model.safetensors"));
      SafetensorsWriter.write(to.resolve("model.safetensors"), tensors);
    }
  }
}
