package org.alphaquant.runner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.alphaquant.QuickJvm;
import org.alphaquant.job.JobError;
import org.alphaquant.job.JobResult;
import org.alphaquant.job.JobSpec;
import org.alphaquant.job.RunFailure;
import org.alphaquant.runner.child.LyingRunnerMain;
import org.alphaquant.runner.child.ScriptedRunnerMain;
import org.alphaquant.runner.wire.MessageChannel;
import org.alphaquant.worker.DrainRequestedException;
import org.alphaquant.worker.JobCancelledException;
import org.alphaquant.worker.LeaseLostException;
import org.alphaquant.worker.RunnerKilledException;
import org.alphaquant.worker.ScriptedRunner;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.util.unit.DataSize;

/** What attempts come to in runner processes that do well, badly, or die. */
class ProcessJobRunnerTest {
  private static final Duration CANCEL_DEADLINE = Duration.ofMillis(700);
  private static final int MOST_KILLS = 3;

  @TempDir Path data;

  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
  private final List<RunnerPool> pools = new ArrayList<>();

  @AfterEach
  void close() {
    pools.forEach(RunnerPool::close);
  }

  private ProcessJobRunner runner(Class<?> main, RunnerSettings settings) {
    RunnerMeters meters = new RunnerMeters(registry);
    RunnerPool pool = new RunnerPool(RunnerCommand.of(settings, main), settings, meters);
    pools.add(pool);
    return new ProcessJobRunner(
        pool,
        settings,
        new MemoryLimit(settings, null),
        List.of(data),
        List.of(data),
        CANCEL_DEADLINE,
        MOST_KILLS,
        meters);
  }

  private ProcessJobRunner scripted() {
    return runner(ScriptedRunnerMain.class, settings("60s", "60s"));
  }

  private static RunnerSettings settings(String silence, String unitTimeout, String... options) {
    return settings(List.of(), 50, 60, silence, unitTimeout, options);
  }

  private static RunnerSettings settings(
      List<String> command,
      int maxJobs,
      int startSeconds,
      String silence,
      String unitTimeout,
      String... options) {
    List<String> all = new ArrayList<>(QuickJvm.OPTIONS);
    all.addAll(List.of(options));
    return new RunnerSettings(
        RunnerSettings.Mode.PROCESS,
        DataSize.ofMegabytes(96),
        DataSize.ofMegabytes(400),
        maxJobs,
        DataSize.ofMegabytes(200),
        Duration.parse("PT" + unitTimeout),
        Duration.parse("PT" + silence),
        Duration.ofSeconds(startSeconds),
        command,
        all,
        null);
  }

  private RecordedContext context(String model, long epoch) {
    try {
      return new RecordedContext(JobSpec.of(model), data.resolve("job"), epoch);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static JobError error(ProcessJobRunner runner, RecordedContext context) {
    return catchThrowableOfType(RunFailure.class, () -> runner.run(context)).error();
  }

  @Test
  void workReportsAndEndsAsInTheServicesOwnProcess() throws IOException {
    String model = ScriptedRunner.model(3, 1);
    RecordedContext context = context(model, 1);
    JobResult result = scripted().run(context);
    assertThat(result.artifacts()).singleElement().extracting("name").isEqualTo("model");
    assertThat(context.artifactDirectory().resolve("model"))
        .hasContent(ScriptedRunner.expected(model));
    assertThat(context.progress).extracting("layer").containsExactly(1, 2, 3);
    assertThat(context.events).hasSize(3).allMatch(event -> event.startsWith("metric"));
  }

  @Test
  void aRunnerStaysWarmUntilItFailsOrHasDoneItsShare() throws IOException {
    ProcessJobRunner runner =
        runner(ScriptedRunnerMain.class, settings(List.of(), 3, 60, "60s", "60s"));
    String first = pid(runner, 1);
    assertThat(pid(runner, 2)).isEqualTo(first);
    assertThat(error(runner, context("user-failure", 3)).kind()).isEqualTo(JobError.Kind.USER);
    String second = pid(runner, 4);
    assertThat(second).as("after three jobs").isNotEqualTo(first);
    JobError failed = error(runner, context("failure", 5));
    assertThat(failed.kind()).isEqualTo(JobError.Kind.INTERNAL);
    assertThat(failed.detail()).contains("its log has the details").doesNotContain("org.");
    assertThat(pid(runner, 6)).as("after a failure").isNotEqualTo(second);
    assertThat(ProcessHandle.of(Long.parseLong(second))).isEmpty();
  }

  private String pid(ProcessJobRunner runner, long epoch) throws IOException {
    RecordedContext context = context("facts", epoch);
    runner.run(context);
    return Files.readString(context.attemptDirectory().resolve("pid"));
  }

  @Test
  void aRunnerHasAFolderOfItsOwnAndNoSecrets() throws IOException {
    RecordedContext context =
        new RecordedContext(
            MessageChannel.JSON.readValue(
                """
                {"model": "facts", "webhook": {"url": "https://hooks.example/secret-path"}}
                """,
                JobSpec.class),
            data.resolve("job"),
            1);
    scripted().run(context);
    Path folder = context.attemptDirectory();
    // Maven and the shell put far more into an environment than a runner gets.
    assertThat(System.getenv()).containsKey("MAVEN_CMD_LINE_ARGS");
    assertThat(folder.resolve("environment"))
        .content()
        .contains("PATH=", "MALLOC_ARENA_MAX=2")
        .doesNotContain("MAVEN_CMD_LINE_ARGS");
    assertThat(folder.resolve("spec")).content().doesNotContain("secret-path");
    assertThat(folder.resolve("directory")).content().contains("aq-runner-");
    assertThat(folder.resolve("cwd")).hasContent(folder.toRealPath().toString());
    assertThat(folder.resolve("status")).content().containsPattern("NoNewPrivs:\\s+1");
    assertThat(folder.resolve("limits")).content().containsPattern("Max core file size\\s+0\\s+0");
    assertThat(folder.resolve("runner.log"))
        .content()
        .contains("a line on standard output", "a line on standard error");
  }

  @Test
  void aRunnerMayBeStartedWithoutANetwork() throws Exception {
    List<String> unshare = List.of("unshare", "--net", "--map-root-user");
    assumeThat(works(unshare)).as("unshare --net works here").isTrue();
    ProcessJobRunner runner =
        runner(ScriptedRunnerMain.class, settings(unshare, 50, 60, "60s", "60s"));
    RecordedContext context = context("facts", 1);
    runner.run(context);
    List<String> devices = Files.readAllLines(context.attemptDirectory().resolve("network"));
    // Two lines of titles, and the loopback device.
    assertThat(devices).hasSize(3);
    assertThat(devices.get(2)).contains("lo:");
    String model = ScriptedRunner.model(3, 1);
    RecordedContext work = context(model, 2);
    assertThat(runner.run(work).artifacts()).hasSize(1);
    // The service watches and ends it as any other.
    JobError bomb = error(runner, context("bomb", 3));
    assertThat(bomb.code()).isEqualTo("runner-memory");
  }

  private static boolean works(List<String> prefix) throws InterruptedException {
    List<String> words = new ArrayList<>(prefix);
    words.add("true");
    try {
      return new ProcessBuilder(words).start().waitFor() == 0;
    } catch (IOException notInstalled) {
      return false;
    }
  }

  @Test
  void aCrashNamesItsUnitAndTheSecondInTheSameUnitIsTheUsers() {
    ProcessJobRunner runner = scripted();
    JobError first = error(runner, context("abort", 1));
    assertThat(first.code()).isEqualTo("runner-lost");
    assertThat(first.kind()).isEqualTo(JobError.Kind.INTERNAL);
    assertThat(first.message())
        .isEqualTo("the runner ended by SIGABRT while it was reading what aborts");
    JobError second = error(runner, context("abort", 2));
    assertThat(second.code()).isEqualTo("runner-lost");
    assertThat(second.kind()).isEqualTo(JobError.Kind.USER);
    assertThat(second.message()).contains("reading what aborts", "the previous attempt");
    assertThat(data.toFile().listFiles()).noneMatch(file -> file.getName().contains("core"));
    assertThat(registry.counter("alphaquant.runners.lost", "reason", "crashed").count())
        .isEqualTo(2);
  }

  @Test
  void aCardsErrorIsOfItsOwnClassHoweverOftenAndHoweverItEnds() {
    ProcessJobRunner runner = scripted();
    for (int attempt = 1; attempt <= 2; attempt++) {
      JobError thrown = error(runner, context("card", attempt));
      assertThat(thrown.code()).isEqualTo("device-error");
      assertThat(thrown.kind()).isEqualTo(JobError.Kind.TRANSIENT);
      JobError aborted = error(runner, context("card-aborts", attempt));
      assertThat(aborted.code()).isEqualTo("device-error");
      assertThat(aborted.kind()).isEqualTo(JobError.Kind.TRANSIENT);
      assertThat(aborted.message())
          .contains("SIGABRT while it was multiplying", "uncorrectable NVLink error");
    }
  }

  @Test
  void crashesInDifferentUnitsAreNotTheUsers() {
    ProcessJobRunner runner = scripted();
    assertThat(error(runner, context("abort-elsewhere", 1)).kind())
        .isEqualTo(JobError.Kind.INTERNAL);
    assertThat(error(runner, context("abort-elsewhere", 2)).kind())
        .isEqualTo(JobError.Kind.INTERNAL);
    assertThat(error(runner, context("exit", 3)).message())
        .isEqualTo("the runner ended with status 3 while it was exiting");
  }

  @Test
  void memoryOverTheLimitEndsTheRunnerAlone() {
    ProcessJobRunner runner = scripted();
    JobError first = error(runner, context("bomb", 1));
    assertThat(first.code()).isEqualTo("runner-memory");
    assertThat(first.kind()).isEqualTo(JobError.Kind.RESOURCE);
    assertThat(first.message())
        .contains("more than the limit of 419,430,400", "alphaquant.runner.max-memory", "growing");
    JobError second = error(runner, context("bomb", 2));
    assertThat(second.code()).isEqualTo("runner-memory");
    assertThat(second.kind()).isEqualTo(JobError.Kind.USER);
    JobError heap = error(runner, context("heap", 3));
    assertThat(heap.code()).isEqualTo("out-of-memory");
    assertThat(heap.kind()).isEqualTo(JobError.Kind.RESOURCE);
  }

  @Test
  void aRunnerThatIsKilledFromOutsideGivesTheJobBackButNotForEver() {
    ProcessJobRunner runner = scripted();
    for (int epoch = 1; epoch < MOST_KILLS; epoch++) {
      RecordedContext context = context("killed", epoch);
      assertThat(catchThrowable(() -> runner.run(context)))
          .isInstanceOf(RunnerKilledException.class)
          .hasMessage("the runner ended by SIGKILL while it was waiting");
      assertThat(context.events).singleElement().asString().contains("SIGKILL", "waiting");
    }
    JobError error = error(runner, context("killed", MOST_KILLS));
    assertThat(error.code()).isEqualTo("runner-lost");
    assertThat(error.kind()).isEqualTo(JobError.Kind.TRANSIENT);
  }

  @Test
  void aCancelWaitsForTheUnitAndLeavesTheRunnerWarm() {
    ProcessJobRunner runner = scripted();
    RecordedContext context = context("waits", 1);
    context.stopAtUnit(new JobCancelledException("cancelled"));
    assertThatThrownBy(() -> runner.run(context)).isInstanceOf(JobCancelledException.class);
    assertThat(pools.get(0).idle()).isEqualTo(1);
  }

  @Test
  void aDrainLetsTheLayerEnd() {
    ProcessJobRunner runner = scripted();
    RecordedContext context = context(ScriptedRunner.model(3, 50), 1);
    context.stopAtLayer(new DrainRequestedException("stopping"));
    assertThatThrownBy(() -> runner.run(context)).isInstanceOf(DrainRequestedException.class);
    assertThat(context.attemptDirectory().resolve("layer-0")).exists();
    assertThat(context.attemptDirectory().resolve("layer-1")).doesNotExist();
    assertThat(pools.get(0).idle()).isEqualTo(1);
  }

  @Test
  void workThatDoesNotStopIsEndedWithItsRunner() {
    ProcessJobRunner runner = scripted();
    RecordedContext context = context("deaf", 1);
    context.stopAfterEvent(new JobCancelledException("cancelled"));
    assertThatThrownBy(() -> runner.run(context)).isInstanceOf(JobCancelledException.class);
    assertThat(pools).allMatch(pool -> pool.alive() == 0);
  }

  @Test
  void aLostLeaseEndsTheRunnerSoon() {
    ProcessJobRunner runner = scripted();
    RecordedContext context = context("deaf", 1);
    context.stopAfterEvent(new LeaseLostException("lost"));
    long start = System.nanoTime();
    assertThatThrownBy(() -> runner.run(context)).isInstanceOf(LeaseLostException.class);
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(30));
    assertThat(pools).allMatch(pool -> pool.alive() == 0);
  }

  @Test
  void aRunnerThatStandsStillOrTakesTooLongIsEnded() {
    ProcessJobRunner silent = runner(ScriptedRunnerMain.class, settings("1s", "60s"));
    assertThat(error(silent, context("frozen", 1)).message())
        .contains("gave no sign of life", "standing still");
    ProcessJobRunner slow = runner(ScriptedRunnerMain.class, settings("60s", "1s"));
    assertThat(error(slow, context("deaf", 2)).message())
        .contains("took longer than PT1S (alphaquant.runner.unit-timeout)", "not listening");
    assertThat(pools).allMatch(pool -> pool.alive() == 0);
  }

  @ParameterizedTest
  @CsvSource({
    "never-connects, 1, 60s, did not start within 1 s",
    "says-nothing, 1, 60s, did not start within 1 s",
    "other-version, 60, 60s, speaks version 99 of the protocol",
    "other-token, 60, 60s, is not the greeting of a runner of this service",
    "other-first, 60, 60s, is not the greeting of a runner of this service",
    "garbage, 60, 60s, announces 1195725856 bytes",
    "half-a-message, 60, 1s, gave no sign of life",
    "hangs-up, 60, 60s, closed its connection",
    "answers-unasked, 60, 60s, sent Tried",
    "stops-unasked, 60, 60s, sent Stopped"
  })
  void aPeerThatIsNoRunnerIsEnded(String lie, int startSeconds, String silence, String told) {
    RunnerSettings settings =
        settings(
            List.of(), 50, startSeconds, silence, "60s", "-D" + LyingRunnerMain.LIE + "=" + lie);
    ProcessJobRunner runner = runner(LyingRunnerMain.class, settings);
    JobError error = error(runner, context("any", 1));
    assertThat(error.code()).isEqualTo("runner-lost");
    assertThat(error.message()).contains(told);
    assertThat(pools.get(0).alive()).isZero();
  }

  @Test
  void eventsThatAreNotARunsAreRefused() {
    assertThat(error(scripted(), context("bad-event", 1)).message())
        .contains("sent an event of kind 'state'");
  }

  @Test
  void aWarmRunnerThatIsKilledWhileIdleCostsNothing() throws IOException {
    ProcessJobRunner runner = scripted();
    String first = pid(runner, 1);
    ProcessHandle.of(Long.parseLong(first)).orElseThrow().destroyForcibly();
    await().until(() -> ProcessHandle.of(Long.parseLong(first)).isEmpty());
    assertThat(pid(runner, 2)).isNotEqualTo(first);
    assertThat(pools.get(0).alive()).isEqualTo(1);
  }
}
