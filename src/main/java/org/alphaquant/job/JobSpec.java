package org.alphaquant.job;

import static org.alphaquant.job.Limits.above;
import static org.alphaquant.job.Limits.orElse;
import static org.alphaquant.job.Limits.size;
import static org.alphaquant.job.Limits.text;
import static org.alphaquant.job.Limits.textOrNull;
import static org.alphaquant.job.Limits.within;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.alphaquant.architecture.Precision;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import tools.jackson.databind.annotation.JsonNaming;

/**
 * What a client requests. Only {@code model} is required; every other field has its default filled
 * in here, so that a stored specification says everything that a run depends on.
 *
 * @param kind what the job does; a quantization where not given
 * @param recipe the method; where not given {@link Recipe#MOE}, or {@link Recipe#DISTILL} where its
 *     settings are
 * @param model folder below one of the allowed roots, a model of the hub ({@code org/name} or
 *     {@code hf://org/name}), or a folder of a store ({@code s3://store/path})
 * @param revision the hub model's branch, tag or commit; a stored specification has the commit, or
 *     the hash of what lay in the store
 * @param modelType family to read the checkpoint as; null takes the checkpoint's own
 * @param config the quantization configuration as the client wrote it; null takes the default one
 * @param budget how large the result may be, which {@link Recipe#ALLOCATE} keeps to
 * @param gptq the solver's settings; what is not given is the recipe's
 * @param distill how the result is trained; null but with the recipe {@link Recipe#DISTILL}
 * @param priority -100 to 100; higher runs earlier
 * @param labels up to 16 pairs of the client's own, to filter lists by
 * @param expiresIn seconds from the job's end to its deletion with all its files; null for the
 *     service's own time
 * @param webhook whom to tell about the job's changes; nobody where null
 * @param sourceSha256 SHA-256 of the source's headers and config.json as a plan tells it; null
 *     takes the source as it is when the job is posted
 * @param strictPatterns whether an override whose pattern matches no module is an error
 */
@JsonNaming(SnakeCaseStrategy.class)
public record JobSpec(
    JobKind kind,
    Recipe recipe,
    String model,
    String revision,
    String modelType,
    JsonNode config,
    Budget budget,
    Gptq gptq,
    Distill distill,
    Calibration calibration,
    Evaluation evaluation,
    Output output,
    Resources resources,
    Integer priority,
    Map<String, String> labels,
    Long expiresIn,
    Webhook webhook,
    String sourceSha256,
    Boolean strictPatterns) {

  /** The version written beside a stored specification; raised when a field changes its meaning. */
  public static final int VERSION = 1;

  public JobSpec {
    kind = orElse(kind, JobKind.QUANTIZATION);
    recipe = orElse(recipe, distill == null ? Recipe.MOE : Recipe.DISTILL);
    if (recipe == Recipe.DISTILL) {
      distill = distill == null ? Distill.defaults() : distill;
    } else if (distill != null) {
      throw new SpecException(
          "distill",
          "given with the recipe " + recipe.jsonName(),
          "left out, or the recipe distill");
    }
    text("model", model, 512);
    textOrNull("revision", revision, 200);
    textOrNull("model_type", modelType, 64);
    if (config != null && config.isNull()) {
      config = null;
    }
    if (config != null && !config.isObject()) {
      throw new SpecException("config", config.getNodeType(), "a JSON object");
    }
    config = config == null ? null : config.deepCopy();
    if ((budget != null) != (recipe == Recipe.ALLOCATE)) {
      throw new SpecException(
          "budget",
          budget == null ? null : "given with the recipe " + recipe.jsonName(),
          budget == null ? "given with the recipe allocate" : "left out, or the recipe allocate");
    }
    gptq = recipe.complete(gptq == null ? Gptq.OPEN : gptq);
    calibration = calibration == null ? Calibration.defaults() : calibration;
    requireKind(kind, config, evaluation);
    output = output == null ? new Output(null, null, null, null, null) : output;
    resources = resources == null ? new Resources(null, null) : resources;
    priority = (int) within("priority", orElse(priority, 0), -100, 100);
    strictPatterns = orElse(strictPatterns, false);
    labels = checkedLabels(labels);
    if (sourceSha256 != null && !sourceSha256.matches("[0-9a-f]{64}")) {
      throw new SpecException("source_sha256", sourceSha256, "64 lower-case hexadecimal digits");
    }
    if (expiresIn != null) {
      within("expires_in", expiresIn, 60, 315_360_000);
    }
  }

  /** A job for this model with everything else left to the defaults. */
  public static JobSpec of(String model) {
    return new JobSpec(
        model, null, null, null, null, null, null, null, null, null, null, null, null, null, null);
  }

  /** A quantization by the usual recipe. */
  public JobSpec(
      String model,
      String revision,
      String modelType,
      JsonNode config,
      Gptq gptq,
      Calibration calibration,
      Evaluation evaluation,
      Output output,
      Resources resources,
      Integer priority,
      Map<String, String> labels,
      Long expiresIn,
      Webhook webhook,
      String sourceSha256,
      Boolean strictPatterns) {
    this(
        null,
        null,
        model,
        revision,
        modelType,
        config,
        null,
        gptq,
        null,
        calibration,
        evaluation,
        output,
        resources,
        priority,
        labels,
        expiresIn,
        webhook,
        sourceSha256,
        strictPatterns);
  }

  /** The same specification, with the model pinned to a commit. */
  public JobSpec at(String model, String revision) {
    return with(model, revision, config, calibration, sourceSha256);
  }

  /** The same specification, valid only for a source with these headers. */
  public JobSpec on(String sourceSha256) {
    return with(model, revision, config, calibration, sourceSha256);
  }

  /** The same with another configuration. */
  public JobSpec configured(JsonNode config) {
    return with(model, revision, config, calibration, sourceSha256);
  }

  /** The same without the calibration's inline texts, for answers that need not repeat them. */
  public JobSpec withoutTexts() {
    return with(model, revision, config, calibration.withoutTexts(), sourceSha256);
  }

  private JobSpec with(
      String model,
      String revision,
      JsonNode config,
      Calibration calibration,
      String sourceSha256) {
    return new JobSpec(
        kind,
        recipe,
        model,
        revision,
        modelType,
        config,
        budget,
        gptq,
        distill,
        calibration,
        evaluation,
        output,
        resources,
        priority,
        labels,
        expiresIn,
        webhook,
        sourceSha256,
        strictPatterns);
  }

  private static void requireKind(JobKind kind, JsonNode config, Evaluation evaluation) {
    if (kind == JobKind.EVALUATION) {
      if (evaluation == null || evaluation.files().isEmpty()) {
        throw new SpecException(
            "evaluation", null, "given with perplexity or choices for the kind evaluation");
      }
      if (config != null) {
        throw new SpecException("config", "given", "left out for the kind evaluation");
      }
    } else if (evaluation != null && evaluation.reference() != null) {
      throw new SpecException(
          "evaluation/reference", evaluation.reference(), "left out for the kind quantization");
    }
  }

  private static Map<String, String> checkedLabels(Map<String, String> labels) {
    if (labels == null) {
      return Map.of();
    }
    size("labels", labels.keySet(), 0, 16);
    labels.forEach(
        (name, value) -> {
          text("labels", name, 64);
          text("labels/" + name.replace("~", "~0").replace("/", "~1"), value, 512);
        });
    return Map.copyOf(labels);
  }

  /**
   * The solver's settings. What is null is the recipe's to fill in; a stored specification has
   * everything.
   *
   * @param damp added to the Hessian's diagonal, as a fraction of its mean; above 0, at most 1
   * @param routingWeight what a token counts for in its experts' Hessians
   * @param blockSize columns per lazy update of the solver
   * @param actOrder whether columns are taken by falling diagonal of the Hessian
   * @param shrinkage how far each expert's Hessian is drawn towards its layer's mean
   * @param scaleSearch how each group's scale is found
   * @param sweeps coordinate-descent sweeps after the column loop
   * @param refit whether each sweep begins with the least-squares scales of the codes as they are
   * @param precision what calibration multiplies on a GPU; null leaves it to the run, which takes
   *     TF32 for a source of 16 bits and float32 for another
   * @param rounding whether every weight takes its nearest code instead, whatever the Hessian
   */
  @JsonNaming(SnakeCaseStrategy.class)
  public record Gptq(
      Double damp,
      RoutingWeight routingWeight,
      Integer blockSize,
      ActOrder actOrder,
      Shrinkage shrinkage,
      ScaleSearch scaleSearch,
      Integer sweeps,
      Boolean refit,
      Precision precision,
      Boolean rounding) {

    static final Gptq OPEN = new Gptq(null, null, null, null, null, null, null, null, null, null);

    static final Gptq MOE =
        new Gptq(
            0.01,
            RoutingWeight.SCORE,
            128,
            ActOrder.AUTO,
            Shrinkage.AUTO,
            ScaleSearch.MSE,
            2,
            true,
            null,
            false);

    static final Gptq STANDARD = plain(false);
    static final Gptq ROUNDING = plain(true);

    public Gptq {
      if (damp != null) {
        above("damp", damp, 0.0, 1.0);
      }
      if (blockSize != null) {
        within("block_size", blockSize, 1, 4096);
      }
      if (sweeps != null) {
        within("sweeps", sweeps, 0, 16);
      }
    }

    private static Gptq plain(boolean rounding) {
      return new Gptq(
          0.01,
          RoutingWeight.NONE,
          128,
          ActOrder.NEVER,
          new Shrinkage(0.0),
          ScaleSearch.NONE,
          0,
          false,
          null,
          rounding);
    }

    /** These settings, and the other's where these leave something open. */
    Gptq orElse(Gptq other) {
      return new Gptq(
          Limits.orElse(damp, other.damp),
          Limits.orElse(routingWeight, other.routingWeight),
          Limits.orElse(blockSize, other.blockSize),
          Limits.orElse(actOrder, other.actOrder),
          Limits.orElse(shrinkage, other.shrinkage),
          Limits.orElse(scaleSearch, other.scaleSearch),
          Limits.orElse(sweeps, other.sweeps),
          Limits.orElse(refit, other.refit),
          Limits.orElse(precision, other.precision),
          Limits.orElse(rounding, other.rounding));
    }
  }

  /**
   * How a result is trained against its source, on calibration text and on text that the source
   * writes itself.
   *
   * @param samples samples of calibration text to train on, at most; fewer where there is less text
   * @param sequences that the source writes itself, as long as the samples
   * @param prompt tokens of calibration text that each of those begins with
   * @param balanced whether they are written so that experts are used evenly
   * @param epochs passes over all of them
   * @param batch sequences of a step
   * @param latentRate largest learning rate of the weights, in steps of their grid
   * @param scaleRate that of real scales, as a fraction of their mean
   * @param normRate that of the norms' weights
   * @param seed of what is written and of the order
   */
  @JsonNaming(SnakeCaseStrategy.class)
  public record Distill(
      Integer samples,
      Integer sequences,
      Integer prompt,
      Boolean balanced,
      Integer epochs,
      Integer batch,
      Double latentRate,
      Double scaleRate,
      Double normRate,
      Long seed) {
    public Distill {
      samples = (int) within("samples", orElse(samples, 400), 0, 65_536);
      sequences = (int) within("sequences", orElse(sequences, 2048), 0, 65_536);
      prompt = (int) within("prompt", orElse(prompt, 8), 1, 4096);
      balanced = orElse(balanced, false);
      epochs = (int) within("epochs", orElse(epochs, 3), 1, 100);
      batch = (int) within("batch", orElse(batch, 8), 1, 1024);
      latentRate = within("latent_rate", orElse(latentRate, 2e-3), 0, 1);
      scaleRate = within("scale_rate", orElse(scaleRate, 0.01), 0, 1);
      normRate = within("norm_rate", orElse(normRate, 3e-4), 0, 1);
      seed = orElse(seed, 0L);
      if (samples + sequences == 0) {
        throw new SpecException("sequences", 0, "at least 1, or samples must be");
      }
    }

    static Distill defaults() {
      return new Distill(null, null, null, null, null, null, null, null, null, null);
    }
  }

  /**
   * The text that the model is run on. With no path, texts or sources the service's own text is
   * taken.
   *
   * @param path a file below one of the allowed roots, or as {@link Source#source}
   * @param texts the documents themselves
   * @param sources several files with their shares
   * @param field the field of a row that holds a document; the usual shapes are known without
   * @param samples how many samples at most; a text that gives fewer is used whole
   * @param sequenceLength tokens of each; fewer where the whole text has not so many
   * @param minLength tokens that a document must have to be used by itself; null joins all
   *     documents and cuts the whole
   * @param seed 0 takes documents in file order; any other draws them at random
   * @param deduplicate whether a document that comes again is left out; true where there are
   *     sources
   */
  @JsonNaming(SnakeCaseStrategy.class)
  public record Calibration(
      String path,
      List<String> texts,
      List<Source> sources,
      String field,
      Integer samples,
      Integer sequenceLength,
      Integer minLength,
      Long seed,
      Boolean deduplicate) {
    public Calibration {
      textOrNull("path", path, 1024);
      if (path != null && texts != null) {
        throw new SpecException("texts", "given beside path", "left out, or path must be");
      }
      if (sources != null && (path != null || texts != null)) {
        throw new SpecException(
            "sources", "given beside path or texts", "left out, or those must be");
      }
      if (texts != null) {
        size("texts", texts, 1, 10_000);
        texts = List.copyOf(texts);
      }
      if (sources != null) {
        size("sources", sources, 1, 64);
        sources = List.copyOf(sources);
      }
      field = text("field", orElse(field, "text"), 128);
      samples = (int) within("samples", orElse(samples, 128), 1, 65_536);
      sequenceLength = (int) within("sequence_length", orElse(sequenceLength, 512), 2, 131_072);
      if (minLength != null) {
        minLength = (int) within("min_length", minLength, 1, sequenceLength);
      }
      seed = orElse(seed, 0L);
      deduplicate = orElse(deduplicate, sources != null);
    }

    /** Another number of samples of the same. */
    public Calibration withSamples(int count) {
      return new Calibration(
          path, texts, sources, field, count, sequenceLength, minLength, seed, deduplicate);
    }

    Calibration withoutTexts() {
      return new Calibration(
          path, null, sources, field, samples, sequenceLength, minLength, seed, deduplicate);
    }

    static Calibration defaults() {
      return new Calibration(null, null, null, null, null, null, null, null, null);
    }

    /** All files that it names, one with the whole share where there is a path. */
    public List<Source> files() {
      if (sources != null) {
        return sources;
      }
      return path == null ? List.of() : List.of(new Source(path, null, null, null, null, field));
    }
  }

  /**
   * A file of texts.
   *
   * @param source a path below one of the allowed roots, {@code hf://datasets/org/name}, the name
   *     of a data set that is known, {@code s3://store/path} of a file, or {@code upload:ID} of an
   *     uploaded one
   * @param share weight among the sources; 1 where not given
   * @param config of a data set; its usual one where null
   * @param split of a data set; its training split where null
   * @param file of a data set, a name or pattern; the first of the split where null
   * @param field the field of a row that holds a document
   */
  @JsonNaming(SnakeCaseStrategy.class)
  public record Source(
      String source, Double share, String config, String split, String file, String field) {
    public Source {
      text("source", source, 1024);
      share = within("share", orElse(share, 1.0), 1e-6, 1e6);
      textOrNull("config", config, 128);
      textOrNull("split", split, 128);
      textOrNull("file", file, 512);
      field = text("field", orElse(field, "text"), 128);
    }

    /** A name that identifies the file. */
    public String name() {
      return String.join(
          "#", Stream.of(source, config, split, file).map(it -> it == null ? "" : it).toList());
    }
  }

  /**
   * What to measure before and after; null for nothing.
   *
   * @param perplexity on a text; the divergence is measured on its windows
   * @param divergence how far the predictions of the quantized model are from the original's; what
   *     is usual where null
   * @param choices multiple-choice questions; none where null
   * @param reference a model that an evaluation compares with, as {@link JobSpec#model}; of a
   *     quantization that is the model itself
   */
  @JsonNaming(SnakeCaseStrategy.class)
  public record Evaluation(
      Perplexity perplexity, DivergenceOptions divergence, Choices choices, String reference) {
    public Evaluation {
      divergence = orElse(divergence, new DivergenceOptions(null));
      textOrNull("reference", reference, 512);
    }

    /** Perplexity and what is usual beside it. */
    public Evaluation(Perplexity perplexity) {
      this(perplexity, null, null, null);
    }

    /** All files that it names. */
    public List<Source> files() {
      return Stream.of(
              perplexity == null ? null : perplexity.source(),
              choices == null ? null : choices.source())
          .filter(Objects::nonNull)
          .toList();
    }
  }

  /**
   * How far the next-token distributions of the quantized model are from the original's.
   *
   * @param windows of the perplexity's text, spread evenly over it, that it is measured on; 16
   *     where not given, 0 for none
   */
  @JsonNaming(SnakeCaseStrategy.class)
  public record DivergenceOptions(Integer windows) {
    public DivergenceOptions {
      windows = (int) within("windows", orElse(windows, 16), 0, 1_000_000);
    }
  }

  /**
   * Multiple-choice questions, answered by log-likelihood.
   *
   * @param path a file of rows below one of the allowed roots, or as {@link Source#source}
   * @param config as {@link Source#config}
   * @param split as {@link Source#split}; its test split where null
   * @param file as {@link Source#file}
   * @param letters whether rows with a {@code question} list their choices and are answered by a
   *     letter; otherwise the choices' texts compete
   */
  @JsonNaming(SnakeCaseStrategy.class)
  public record Choices(String path, String config, String split, String file, Boolean letters) {
    public Choices {
      text("path", path, 1024);
      textOrNull("config", config, 128);
      textOrNull("split", split, 128);
      textOrNull("file", file, 512);
      letters = orElse(letters, true);
    }

    /** The file that holds them. */
    public Source source() {
      return new Source(path, null, config, orElse(split, "test"), file, null);
    }
  }

  /**
   * Perplexity over the whole windows of one text.
   *
   * @param path file below one of the allowed roots, or as {@link Source#source}
   * @param config as {@link Source#config}
   * @param split as {@link Source#split}; its test split where null
   * @param file as {@link Source#file}
   * @param window tokens per window
   */
  @JsonNaming(SnakeCaseStrategy.class)
  public record Perplexity(String path, String config, String split, String file, Integer window) {
    public Perplexity {
      text("path", path, 1024);
      textOrNull("config", config, 128);
      textOrNull("split", split, 128);
      textOrNull("file", file, 512);
      window = (int) within("window", orElse(window, 256), 2, 131_072);
    }

    /** The file that it is measured on. */
    public Source source() {
      return new Source(path, null, config, orElse(split, "test"), file, null);
    }
  }

  /**
   * What is written.
   *
   * @param format checkpoint format; {@code auto} takes the most readable one that holds every
   *     scheme
   * @param targetRuntime the program that is to load it; null for none in particular
   * @param maxShardBytes most bytes of one safetensors file
   * @param imatrix whether {@code imatrix.gguf} is written beside, what calibration says of every
   *     quantized weight's inputs, for llama.cpp's own quantizer
   * @param location {@code s3://store/path} where the result is put; null for where the service
   *     keeps results
   */
  @JsonNaming(SnakeCaseStrategy.class)
  public record Output(
      String format, String targetRuntime, Long maxShardBytes, Boolean imatrix, String location) {
    private static final long MEBIBYTE = 1L << 20;

    public Output {
      format = text("format", orElse(format, "auto"), 64);
      textOrNull("target_runtime", targetRuntime, 64);
      maxShardBytes =
          within("max_shard_bytes", orElse(maxShardBytes, 5120 * MEBIBYTE), MEBIBYTE, 1L << 40);
      imatrix = orElse(imatrix, false);
      textOrNull("location", location, 512);
      if (location != null && !location.startsWith("s3://")) {
        throw new SpecException("location", location, "s3://store/path");
      }
    }
  }

  /**
   * Resources that the job needs.
   *
   * @param devices device slots of one worker
   * @param memoryBytes memory that each device must have
   */
  @JsonNaming(SnakeCaseStrategy.class)
  public record Resources(Integer devices, Long memoryBytes) {
    public Resources {
      devices = (int) within("devices", orElse(devices, 1), 1, 64);
      memoryBytes = within("memory_bytes", orElse(memoryBytes, 0L), 0, 1L << 50);
    }
  }

  /**
   * Where to send notifications. The operator decides which hosts are allowed at all.
   *
   * @param url an http or https address without a user or a fragment
   * @param events the states to notify about; null for the three final ones
   */
  @JsonNaming(SnakeCaseStrategy.class)
  public record Webhook(String url, List<JobState> events) {
    private static final List<JobState> ENDS =
        Stream.of(JobState.values()).filter(JobState::isTerminal).toList();

    public Webhook {
      text("url", url, 2048);
      requireAddress(url);
      events = events == null ? ENDS : List.copyOf(events);
      size("events", events, 1, JobState.values().length);
    }

    private static void requireAddress(String url) {
      URI address = uri(url);
      String scheme = String.valueOf(address.getScheme()).toLowerCase(Locale.ROOT);
      if (!List.of("http", "https").contains(scheme)
          || address.getHost() == null
          || address.getRawUserInfo() != null
          || address.getRawFragment() != null) {
        throw new SpecException(
            "url", url, "an http or https address of a host, without a user or a fragment");
      }
    }

    private static URI uri(String url) {
      try {
        return new URI(url);
      } catch (URISyntaxException e) {
        throw new SpecException("url", url, "an http or https address");
      }
    }
  }
}
