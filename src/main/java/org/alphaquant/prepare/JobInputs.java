package org.alphaquant.prepare;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.alphaquant.calibration.CalibrationSpec;
import org.alphaquant.calibration.TextSource;
import org.alphaquant.checkpoint.Checkpoint;
import org.alphaquant.checkpoint.Links;
import org.alphaquant.checkpoint.WrittenFile;
import org.alphaquant.job.CalibrationRequest;
import org.alphaquant.job.EvaluationRequest;
import org.alphaquant.job.FetchedSource;
import org.alphaquant.job.JobKind;
import org.alphaquant.job.JobSpec;
import org.alphaquant.job.Sensitivity;
import org.alphaquant.job.TextRequest;
import org.alphaquant.model.ModelFolder;
import org.alphaquant.problem.MalformedJson;
import org.alphaquant.source.RemoteModels;
import org.alphaquant.source.SourceException;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.stereotype.Component;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Resolves the names of a specification to folders and texts below the allowed roots. */
@Component
public class JobInputs {

  private static final int KEPT_TOKENS = 16_384;
  private static final long MOST_COUNTS = 64L << 20;

  private final SourceSettings settings;
  private final RemoteModels remote;
  private final Map<String, FetchedSource> fetched;

  /** Inputs below the allowed roots only. */
  public JobInputs(SourceSettings settings) {
    this(settings, RemoteModels.NONE, Map.of());
  }

  @Autowired
  public JobInputs(SourceSettings settings, ObjectProvider<RemoteModels> remote) {
    this(settings, remote.getIfAvailable(() -> RemoteModels.NONE), Map.of());
  }

  private JobInputs(
      SourceSettings settings, RemoteModels remote, Map<String, FetchedSource> fetched) {
    this.settings = settings;
    this.remote = remote;
    this.fetched = fetched;
  }

  /** The same, with downloaded sources by their names in the specification. */
  public JobInputs with(Map<String, FetchedSource> sources) {
    return new JobInputs(settings, remote, Map.copyOf(sources));
  }

  /** The model's folder. */
  public Path folder(JobSpec spec) {
    return folder(spec.model(), spec.revision());
  }

  /**
   * The folder of a model; for a remote model, a folder with its names and shapes.
   *
   * @throws SourceException if there is none
   */
  public Path folder(String model, String revision) {
    if (fetched.containsKey(model)) {
      return Path.of(fetched.get(model).path());
    }
    try {
      return settings.modelRoots().folder(model);
    } catch (SourceException notBelowARoot) {
      return remote.headers(model, revision).orElseThrow(() -> notBelowARoot);
    }
  }

  /**
   * Opens the checkpoint of a model.
   *
   * @return to be closed
   * @throws SourceException if there is none, or a file of it leads where nothing may be read
   */
  public Checkpoint checkpoint(String model, String revision) {
    Path folder = folder(model, revision);
    return ModelFolder.open(folder, links(folder));
  }

  /** Which links in a model's folder may be followed. */
  public Links links(Path folder) {
    return settings.modelRoots().links(folder);
  }

  /** The samples of each source. Their numbers follow the shares, rounded by largest remainder. */
  public List<CalibrationSpec> calibration(JobSpec spec) {
    return calibration(spec.calibration());
  }

  /** The training samples of each source of the calibration text. */
  public List<CalibrationSpec> training(JobSpec spec) {
    return spec.distill() == null || spec.distill().samples() == 0
        ? List.of()
        : calibration(spec.calibration().withSamples(spec.distill().samples()));
  }

  /**
   * The calibration samples and, behind them, as many more as a budget's sensitivities are measured
   * on; none where nothing is measured.
   */
  public List<CalibrationSpec> withHeldOut(JobSpec spec) {
    boolean measures = spec.budget() != null && spec.budget().sensitivity() == Sensitivity.MEASURED;
    if (!measures && spec.kind() != JobKind.CALIBRATION) {
      return List.of();
    }
    CalibrationRequest own = spec.calibration();
    return calibration(own.withSamples(own.samples() + heldOutSamples(spec)));
  }

  /** Number of held-out samples for a budget, used now or kept for later. */
  public static int heldOutSamples(JobSpec spec) {
    int tokens = spec.budget() == null ? KEPT_TOKENS : spec.budget().tokens();
    return Math.max(1, tokens / spec.calibration().sequenceLength());
  }

  private List<CalibrationSpec> calibration(CalibrationRequest calibration) {
    return new CalibrationTexts(calibration).samples(this::text);
  }

  /** The origins of model and texts; reads the files of texts to hash them. */
  public Provenance provenance(JobSpec spec) {
    FetchedSource model = fetched.get(spec.model());
    CalibrationRequest calibration = spec.calibration();
    List<Provenance.Text> texts = new ArrayList<>();
    if (calibration.files().isEmpty()) {
      texts.add(
          calibration.texts() == null
              ? new Provenance.Text(
                  "built-in", BuiltInText.NAME, "apache-2.0", BuiltInText.sha256())
              : new Provenance.Text("inline", "inline", null, null));
    }
    for (TextRequest file : new CalibrationTexts(calibration).files()) {
      texts.add(text(file, fetched.get(file.name())));
    }
    return new Provenance(
        model == null ? null : new Provenance.Origin(model.origin(), model.licence()), texts);
  }

  /** Where a model was brought from, with its version; null where it is below a root. */
  public String origin(String model) {
    return fetched.containsKey(model) ? fetched.get(model).origin() : null;
  }

  /** The texts and questions that are measured on; reads the files to hash them. */
  public List<Provenance.Text> evaluationTexts(JobSpec spec) {
    List<TextRequest> files = new ArrayList<>();
    evaluationSource(spec).ifPresent(files::add);
    if (spec.evaluation() != null && spec.evaluation().choices() != null) {
      files.add(spec.evaluation().choices().source());
    }
    return files.stream().map(file -> text(file, fetched.get(file.name()))).toList();
  }

  private Provenance.Text text(TextRequest file, FetchedSource here) {
    return new Provenance.Text(
        file.source(),
        here == null ? file.source() : here.origin(),
        here == null ? null : here.licence(),
        here == null || here.sha256() == null
            ? WrittenFile.of(path(file)).sha256()
            : here.sha256());
  }

  /**
   * The files of texts that a specification names; empty where one of them is fetched for the run.
   */
  Optional<List<Path>> filesHere(JobSpec spec) {
    List<TextRequest> all = new ArrayList<>(spec.calibration().files());
    evaluationSource(spec).ifPresent(all::add);
    return all.stream().anyMatch(source -> remote.hasText(source.source()))
        ? Optional.empty()
        : Optional.of(all.stream().map(this::path).toList());
  }

  /** The file for perplexity; empty if not requested. */
  Optional<Path> evaluationFile(JobSpec spec) {
    return evaluationSource(spec).map(this::path);
  }

  private static Optional<TextRequest> evaluationSource(JobSpec spec) {
    return Optional.ofNullable(spec.evaluation())
        .map(EvaluationRequest::perplexity)
        .map(EvaluationRequest.Perplexity::source);
  }

  /** The text for perplexity; empty if not requested. */
  public Optional<TextSource> evaluationText(JobSpec spec) {
    return evaluationSource(spec).map(this::text);
  }

  /** The file of multiple-choice questions; empty if not requested. */
  public Optional<TextSource> questions(JobSpec spec) {
    return spec.evaluation() == null || spec.evaluation().choices() == null
        ? Optional.empty()
        : Optional.of(text(spec.evaluation().choices().source()));
  }

  /**
   * The counts of a job's traffic as they were given; empty where it has none, or they are in a
   * file that is fetched for the run.
   *
   * @throws SourceException if there is no such file, it is too large or not JSON
   */
  Optional<JsonNode> expertCounts(JobSpec spec) {
    if (spec.traffic() == null) {
      return Optional.empty();
    }
    Optional<TextRequest> file = spec.traffic().file();
    if (file.isEmpty()) {
      return Optional.of(spec.traffic().expertCounts());
    }
    boolean isHere = fetched.containsKey(file.get().name());
    return !isHere && remote.hasText(file.get().source())
        ? Optional.empty()
        : Optional.of(json(path(file.get()), file.get().source()));
  }

  private static JsonNode json(Path file, String name) {
    if (file.toFile().length() > MOST_COUNTS) {
      throw new SourceException(
          "'%s' has %,d bytes; counts of experts have %,d at most"
              .formatted(name, file.toFile().length(), MOST_COUNTS));
    }
    try {
      return JsonMapper.shared().readTree(file.toFile());
    } catch (JacksonException e) {
      throw new SourceException("'%s' is not JSON: %s".formatted(name, MalformedJson.reason(e)));
    }
  }

  /**
   * Checks that a file of texts exists, as far as possible without downloading it.
   *
   * @throws SourceException if it is not
   */
  public void requireText(TextRequest source) {
    // Not opened: only the run reads what an untrusted file holds.
    if (!remote.hasText(source.source())) {
      settings.fileRoots().file(source.source());
    }
  }

  private TextSource text(TextRequest source) {
    return TextSource.of(path(source), source.field());
  }

  private Path path(TextRequest source) {
    FetchedSource here = fetched.get(source.name());
    return here == null ? settings.fileRoots().file(source.source()) : Path.of(here.path());
  }
}
