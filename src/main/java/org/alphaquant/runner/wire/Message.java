package org.alphaquant.runner.wire;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.alphaquant.job.FetchedSource;
import org.alphaquant.job.JobError;
import org.alphaquant.job.JobProgress;
import org.alphaquant.job.JobResult;
import tools.jackson.databind.JsonNode;

/** A message between a service and a runner. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "message")
@JsonSubTypes({
  @JsonSubTypes.Type(value = Message.Hello.class, name = "hello"),
  @JsonSubTypes.Type(value = Message.Run.class, name = "run"),
  @JsonSubTypes.Type(value = Message.TryTokenizer.class, name = "try-tokenizer"),
  @JsonSubTypes.Type(value = Message.CountTokens.class, name = "count-tokens"),
  @JsonSubTypes.Type(value = Message.LoadTorch.class, name = "load-torch"),
  @JsonSubTypes.Type(value = Message.Stop.class, name = "stop"),
  @JsonSubTypes.Type(value = Message.Alive.class, name = "alive"),
  @JsonSubTypes.Type(value = Message.Progress.class, name = "progress"),
  @JsonSubTypes.Type(value = Message.Event.class, name = "event"),
  @JsonSubTypes.Type(value = Message.Done.class, name = "done"),
  @JsonSubTypes.Type(value = Message.Failed.class, name = "failed"),
  @JsonSubTypes.Type(value = Message.Stopped.class, name = "stopped"),
  @JsonSubTypes.Type(value = Message.Tried.class, name = "tried"),
  @JsonSubTypes.Type(value = Message.Counted.class, name = "counted"),
  @JsonSubTypes.Type(value = Message.TorchLoaded.class, name = "torch-loaded")
})
public sealed interface Message {

  /** Version of the protocol; increased whenever a message changes. */
  int VERSION = 2;

  /**
   * The runner's first message.
   *
   * @param version protocol version of the runner
   * @param token passed to the runner at its start; proves that it is this runner
   */
  record Hello(int version, String token) implements Message {
    public Hello {
      requireNonNull(token, "token is null");
    }
  }

  /**
   * Requests one attempt at a job.
   *
   * @param spec the job's specification without its webhook
   * @param directory the attempt's folder; the folder for the result exists in it
   * @param sources downloaded models and texts, by their names in the specification
   * @param earlier directories of earlier attempts, newest first
   * @param modelRoots folders that model ids are looked up in
   * @param fileRoots folders of calibration and evaluation texts
   */
  record Run(
      UUID job,
      long epoch,
      JsonNode spec,
      List<String> devices,
      int earlierResourceFailures,
      String directory,
      String artifactDirectory,
      Map<String, FetchedSource> sources,
      List<String> earlier,
      List<String> modelRoots,
      List<String> fileRoots)
      implements Message {
    public Run {
      requireNonNull(job, "job is null");
      requireNonNull(spec, "spec is null");
      devices = List.copyOf(devices);
      sources = Map.copyOf(sources);
      earlier = List.copyOf(earlier);
      modelRoots = List.copyOf(modelRoots);
      fileRoots = List.copyOf(fileRoots);
    }
  }

  /**
   * Requests to load the tokenizer of a model folder and to encode a text with it.
   *
   * @param vocabulary rows of the model's embedding; every token id must be below it
   * @param modelRoots folders that links in the model's folder may lead to
   */
  record TryTokenizer(String folder, long vocabulary, List<String> modelRoots) implements Message {
    public TryTokenizer {
      requireNonNull(folder, "folder is null");
      modelRoots = List.copyOf(modelRoots);
    }
  }

  /**
   * Requests the number of samples that the texts of a specification give.
   *
   * @param folder of the model
   * @param spec only the model, calibration and evaluation of the specification
   * @param modelRoots folders that links in the model's folder may lead to
   * @param fileRoots folders of calibration and evaluation texts
   */
  record CountTokens(String folder, JsonNode spec, List<String> modelRoots, List<String> fileRoots)
      implements Message {
    public CountTokens {
      requireNonNull(folder, "folder is null");
      requireNonNull(spec, "spec is null");
      modelRoots = List.copyOf(modelRoots);
      fileRoots = List.copyOf(fileRoots);
    }
  }

  /** Requests to load PyTorch before a job needs it. */
  record LoadTorch() implements Message {}

  /**
   * Stops the current work at its next unit or at the end of its layer.
   *
   * @param when how soon
   */
  record Stop(When when) implements Message {
    public Stop {
      requireNonNull(when, "when is null");
    }

    /** How soon work stops. */
    public enum When {
      /** At the next point that a later attempt can resume from. */
      AFTER_LAYER,
      /** Before the next unit of work. */
      NEXT_UNIT
    }
  }

  /**
   * A sign of life.
   *
   * @param unit current unit of work, completes "while it was ..."
   * @param units number of units that this runner has begun
   */
  record Alive(String unit, long units) implements Message {
    public Alive {
      requireNonNull(unit, "unit is null");
    }
  }

  /** Progress of the work; begins a unit. */
  record Progress(JobProgress progress) implements Message {
    public Progress {
      requireNonNull(progress, "progress is null");
    }
  }

  /** The name of the unit of work that this progress begins. */
  static String unit(JobProgress progress) {
    return progress.layer() == null || progress.layers() == null
        ? "in phase " + progress.phase()
        : "in phase %s, %d of %d layers done"
            .formatted(progress.phase(), progress.layer(), progress.layers());
  }

  /** An event of the job. */
  record Event(String kind, JsonNode data) implements Message {
    public Event {
      requireNonNull(kind, "kind is null");
      requireNonNull(data, "data is null");
    }
  }

  /** The attempt succeeded; all files of the result are written. */
  record Done(JobResult result) implements Message {
    public Done {
      requireNonNull(result, "result is null");
    }
  }

  /** The attempt failed. */
  record Failed(JobError error) implements Message {
    public Failed {
      requireNonNull(error, "error is null");
    }
  }

  /** The attempt stopped as requested. */
  record Stopped() implements Message {}

  /**
   * The tokenizer was tried.
   *
   * @param problem why it cannot be used; null if it can
   */
  record Tried(String problem) implements Message {}

  /**
   * The tokens were counted.
   *
   * @param count the numbers of samples and tokens
   */
  record Counted(JsonNode count) implements Message {
    public Counted {
      requireNonNull(count, "count is null");
    }
  }

  /**
   * PyTorch is loaded.
   *
   * @param cuda whether it can use GPUs here
   */
  record TorchLoaded(boolean cuda) implements Message {}
}
