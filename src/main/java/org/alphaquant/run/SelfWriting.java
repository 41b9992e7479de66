package org.alphaquant.run;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.alphaquant.calibration.CalibrationSamples;
import org.alphaquant.calibration.Tokenizer;
import org.alphaquant.job.SelfWrittenRequest;
import org.alphaquant.prepare.RunInputs;
import org.alphaquant.prepare.SourceDigest;
import org.alphaquant.quantize.RunObserver.Phase;
import org.alphaquant.report.Versions;
import org.alphaquant.sample.SampleRequest;
import org.alphaquant.torch.Torch;
import org.alphaquant.worker.JobContext;
import tools.jackson.databind.json.JsonMapper;

/**
 * Adds text that the source writes itself to what a job is calibrated on. Its files are named by
 * the hash of all that it follows from, so that whoever finds one of that name need not write it
 * again; in words it is a file of the result, {@value #FILE}.
 */
record SelfWriting(JobContext context, Torch torch, RunInputs inputs, RunProgress progress) {

  static final String FILE = "self_written.jsonl";

  private static final JsonMapper JSON = JsonMapper.shared();

  /** Whether the job asks for any. */
  boolean isAsked() {
    return context.spec().calibration().selfWritten() != null;
  }

  /** The inputs with the written text. */
  RunInputs written(Tokenizer tokenizer) {
    SelfWrittenRequest asked = context.spec().calibration().selfWritten();
    CalibrationSamples given = inputs.samples();
    int length = given.sequenceLength();
    int prompt = Math.min(asked.prompt(), length - 1);
    SampleRequest request = new SampleRequest(asked.sequences(), length, prompt, 1, asked.seed());
    SampledText kept = new SampledText("self-written-" + key(asked), this::file);
    long[][] written =
        new TextWriter(context, torch, inputs.job(), progress, Phase.WRITE_TEXT)
            .write(request, asked.balanced(), given.tokens(), kept);
    torch.releaseCachedMemory();
    publish(tokenizer, written);
    long[][] all =
        asked.only()
            ? written
            : Stream.of(given.tokens(), written).flatMap(Arrays::stream).toArray(long[][]::new);
    return inputs.with(given.replaced(all));
  }

  private String key(SelfWrittenRequest asked) {
    String from =
        String.join(
            "\n",
            JSON.writeValueAsString(asked),
            SourceDigest.ofFiles(inputs.job().source()),
            inputs.samples().sha256(),
            Versions.all().toString(),
            torch.device().replaceAll("\\d", ""));
    try {
      byte[] hash =
          MessageDigest.getInstance("SHA-256").digest(from.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(hash, 0, 8);
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException("every Java platform has SHA-256", impossible);
    }
  }

  private Path file(String name) {
    Path own = context.attemptDirectory().resolve(name);
    if (!Files.exists(own)) {
      context.earlierAttempts().stream()
          .map(folder -> folder.resolve(name))
          .filter(Files::exists)
          .findFirst()
          .ifPresent(earlier -> LayerFiles.take(earlier, own));
    }
    return own;
  }

  private void publish(Tokenizer tokenizer, long[]... sequences) {
    List<String> lines =
        Arrays.stream(sequences)
            .map(sequence -> new Line(tokenizer.decode(sequence), sequence))
            .map(JSON::writeValueAsString)
            .toList();
    try {
      Files.write(context.artifactDirectory().resolve(FILE), lines);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A line of the file: the text as it reads, and the tokens that it is. */
  private record Line(String text, long... tokens) {}
}
