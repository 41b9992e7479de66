package org.alphaquant.fetch;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.Stream;
import org.alphaquant.cache.DataSetFiles;
import org.alphaquant.cache.RemoteFile;
import org.alphaquant.fetch.KnownDataSets.Known;
import org.alphaquant.hub.HubReference;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The file that each short name means, among those that its data set has. */
class KnownDataSetsTest {

  private static final List<String> WIKITEXT =
      files(
          "README.md",
          "wikitext-103-raw-v1/train-00000-of-00002.parquet",
          "wikitext-2-raw-v1/test-00000-of-00001.parquet",
          "wikitext-2-raw-v1/train-00000-of-00001.parquet",
          "wikitext-2-raw-v1/validation-00000-of-00001.parquet");
  private static final List<String> C4 =
      files(
          "en.noblocklist/c4-train.00000-of-01024.json.gz",
          "en/c4-train.00000-of-01024.json.gz",
          "en/c4-train.00001-of-01024.json.gz",
          "en/c4-validation.00000-of-00008.json.gz");
  private static final List<String> ULTRACHAT =
      files(
          "data/test_gen-00000-of-00001-3d4cd8309148a71f.parquet",
          "data/test_sft-00000-of-00001-f7dfac4afe5b93f4.parquet",
          "data/train_gen-00000-of-00003-a6c9fb894be3e50b.parquet",
          "data/train_sft-00000-of-00003-a3ecf92756993583.parquet");

  private static List<String> files(String... names) {
    return List.of(names);
  }

  private static List<String> listing(String name) {
    return switch (name) {
      case "wikitext", "wikitext2" -> WIKITEXT;
      case "c4" -> C4;
      case "ultrachat" -> ULTRACHAT;
      case "open-platypus" -> files("data/train-00000-of-00001-4fe2df04669d1669.parquet");
      case "neuralmagic-calibration" -> files("LLM/train.jsonl", "VLM/train.jsonl");
      case "pile-val" -> files("README.md", "val.jsonl.zst");
      case "gsm8k" ->
          files(
              "main/test-00000-of-00001.parquet",
              "main/train-00000-of-00001.parquet",
              "socratic/train-00000-of-00001.parquet");
      default -> files("data/train-00000-of-00001.parquet");
    };
  }

  @ParameterizedTest
  @CsvSource({
    "wikitext, wikitext-2-raw-v1/train-00000-of-00001.parquet, wikitext-2-raw-v1/test-00000-of-00001.parquet",
    "wikitext2, wikitext-2-raw-v1/train-00000-of-00001.parquet, wikitext-2-raw-v1/test-00000-of-00001.parquet",
    "c4, en/c4-train.00000-of-01024.json.gz, en/c4-validation.00000-of-00008.json.gz",
    "ultrachat, data/train_sft-00000-of-00003-a3ecf92756993583.parquet, data/test_gen-00000-of-00001-3d4cd8309148a71f.parquet",
    "open-platypus, data/train-00000-of-00001-4fe2df04669d1669.parquet,",
    "llm-compression-calibration, data/train-00000-of-00001.parquet,",
    "neuralmagic-calibration, LLM/train.jsonl,",
    "pile-10k, data/train-00000-of-00001.parquet,",
    "pile-val, val.jsonl.zst, val.jsonl.zst",
    "gsm8k, main/train-00000-of-00001.parquet, main/test-00000-of-00001.parquet",
    "open-perfectblend, data/train-00000-of-00001.parquet,"
  })
  void aNameMeansAFileToCalibrateOnAndOneToMeasure(String name, String training, String test) {
    Known known = KnownDataSets.named(name).orElseThrow();
    assertThat(chosen(known, name, new DataSetFiles(known.config(), known.split(), known.file())))
        .isEqualTo(training);
    if (test != null) {
      assertThat(chosen(known, name, new DataSetFiles(known.config(), "test", null)))
          .isEqualTo(test);
    }
    assertThat(KnownDataSets.withId(known.id())).contains(known);
  }

  private static String chosen(Known known, String name, DataSetFiles files) {
    HubReference dataset = new HubReference(HubReference.Type.DATASET, known.id(), "main");
    Stream<RemoteFile> all =
        listing(name).stream().map(path -> new RemoteFile(path, 1, "0".repeat(40), null));
    return files.choose(dataset, all.toList()).path();
  }
}
