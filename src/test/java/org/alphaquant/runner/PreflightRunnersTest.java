package org.alphaquant.runner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.alphaquant.Waiting;
import org.alphaquant.prepare.TokenizerTrial.Outcome;
import org.alphaquant.prepare.TokenizerTrial.Verdict;
import org.alphaquant.request.ClientGoneException;
import org.alphaquant.request.ClientPresence;
import org.alphaquant.runner.wire.Message;
import org.alphaquant.runner.wire.MessageChannel;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.util.unit.DataSize;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Tokenizers that work, that are broken, and that end or fill the process that loads them. */
class PreflightRunnersTest {
  private static final Path MODEL = Path.of("examples/models/olmoe-demo");
  private static final long VOCABULARY = 4096;

  @TempDir Path folder;

  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
  private RunnerPool pool;
  private RunnerPool lender;
  private PreflightRunners runners;

  @BeforeEach
  void start() {
    PreflightSettings settings =
        new PreflightSettings(
            true, 2, 4, Waiting.LONGEST, DataSize.ofMegabytes(128), DataSize.ofMegabytes(700));
    RunnerSettings jobs =
        new RunnerSettings(
            RunnerSettings.Mode.PROCESS,
            null,
            null,
            50,
            DataSize.ofGigabytes(1),
            Duration.ofHours(1),
            Waiting.LONGEST,
            Waiting.LONGEST,
            List.of(),
            List.of(),
            null);
    RunnerSettings own = settings.runnerSettings(jobs);
    lender = new RunnerPool(RunnerCommand.of(jobs), jobs, new RunnerMeters(registry));
    pool = new RunnerPool(RunnerCommand.of(own), own, new RunnerMeters(registry));
    runners =
        new PreflightRunners(
            new TrialRunners(pool, Optional.of(lender), jobs.startTimeout()),
            settings,
            List.of(folder));
  }

  @AfterEach
  void end() {
    pool.close();
    lender.close();
  }

  private Verdict of(Consumer<ObjectNode> change) throws IOException {
    ObjectNode tokenizer =
        (ObjectNode) MessageChannel.JSON.readTree(MODEL.resolve("tokenizer.json"));
    change.accept(tokenizer);
    Files.writeString(
        folder.resolve("tokenizer.json"), MessageChannel.JSON.writeValueAsString(tokenizer));
    return runners.of(folder, VOCABULARY);
  }

  @Test
  void aTokenizerThatWorksIsTriedOnce() throws IOException {
    assertThat(runners.of(MODEL, VOCABULARY)).isEqualTo(Verdict.USABLE);
    assertThat(pool.idle()).isEqualTo(1);
    pool.close();
    // The same file by another name, when nothing could try it any more.
    assertThat(of(same -> {}).outcome()).isEqualTo(Outcome.NOT_TRIED);
    assertThat(runners.of(MODEL, VOCABULARY)).isEqualTo(Verdict.USABLE);
  }

  @Test
  void brokenTokenizersAreRefusedAndTheNextIsTriedAllTheSame() throws IOException {
    assertRefused(of(it -> it.remove("model")), "tokenizer.json cannot be loaded");
    assertRefused(runners.of(MODEL, 100), "the model's vocabulary ends at 99");
    assertRefused(
        of(it -> ((ObjectNode) it.get("model")).put("dropout", 0.5)),
        "other tokens of the same text each time");
    // A special token that the template names and nobody defines: the tokenizer panics.
    assertRefused(
        of(it -> it.set("post_processor", json(TEMPLATE))), "ends the process that loads it");
    // Backtracking without end: the regular expression's engine gives up, and the tokenizer panics.
    assertRefused(of(it -> it.set("pre_tokenizer", json(REDOS))), "ends the process");
    assertRefused(of(it -> it.set("normalizer", growth())), "takes more than 734,003,200 bytes");
    assertThat(runners.of(MODEL, VOCABULARY)).isEqualTo(Verdict.USABLE);
  }

  @Test
  void aTokenizerConfigOfManyBytesIsRefusedUnread() throws IOException {
    try (RandomAccessFile config =
        new RandomAccessFile(folder.resolve("tokenizer_config.json").toFile(), "rw")) {
      config.setLength(1L << 40);
    }
    assertRefused(
        of(same -> {}),
        "tokenizer_config.json has 1,099,511,627,776 bytes, over the limit of 16,777,216");
  }

  @Test
  void aRunnerThatStartedForAClientThatLeftServesTheNext() throws IOException {
    assertThatThrownBy(
            () ->
                ClientPresence.<RuntimeException>during(
                    () -> pool.alive() > 0, () -> runners.of(MODEL, VOCABULARY)))
        .isInstanceOf(ClientGoneException.class);
    assertThat(pool.idle()).isEqualTo(1);
    List<Long> started = pool.pids();
    assertThat(runners.of(MODEL, VOCABULARY)).isEqualTo(Verdict.USABLE);
    assertThat(pool.pids()).isEqualTo(started);
  }

  @Test
  void theRunnerThatWaitsForAJobTriesTokenizersUntilOneIsStartedForThat() throws IOException {
    lender.warmUp(TorchStart.CPU, new Message.LoadTorch());
    assertThat(lender.borrow(TorchStart.CPU))
        .hasValueSatisfying(
            runner -> {
              assertThat(runner.isAtRest(Waiting.LONGEST)).isTrue();
              lender.putBack(runner, TorchStart.CPU);
            });

    assertThat(runners.of(MODEL, VOCABULARY)).isEqualTo(Verdict.USABLE);
    assertThat(List.of(lender.idle(), pool.alive())).containsExactly(1, 0);
    // What ends it costs the next job a start, and no more.
    assertRefused(
        of(it -> it.set("post_processor", json(TEMPLATE))), "ends the process that loads it");
    assertThat(List.of(lender.alive(), pool.alive())).containsExactly(0, 0);
    assertThat(runners.of(MODEL, VOCABULARY - 1)).isEqualTo(Verdict.USABLE);
    assertThat(pool.idle()).isEqualTo(1);
  }

  private static void assertRefused(Verdict verdict, String detail) {
    assertThat(verdict.outcome()).as(String.valueOf(verdict.detail())).isEqualTo(Outcome.REFUSED);
    assertThat(verdict.detail()).contains(detail);
  }

  private static final String TEMPLATE =
      """
      {"type": "TemplateProcessing",
       "single": [{"SpecialToken": {"id": "<nowhere>", "type_id": 0}},
                  {"Sequence": {"id": "A", "type_id": 0}}],
       "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
       "special_tokens": {}}
      """;
  private static final String REDOS =
      """
      {"type": "Split", "pattern": {"Regex": "(a|a|[a-z ]+)+$X"}, "behavior": "Isolated",
       "invert": false}
      """;

  private static ObjectNode growth() {
    ObjectNode sequence = MessageChannel.JSON.createObjectNode().put("type", "Sequence");
    ArrayNode all = sequence.putArray("normalizers");
    for (int i = 0; i < 4; i++) {
      ObjectNode replace = all.addObject().put("type", "Replace").put("content", "e".repeat(1000));
      replace.putObject("pattern").put("String", "e");
    }
    return sequence;
  }

  private static ObjectNode json(String text) {
    return (ObjectNode) MessageChannel.JSON.readTree(text);
  }
}
