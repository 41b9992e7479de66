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

/** One message between a service and a runner. */
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

  /** Raised with every change of a message. */
  int VERSION = 2;

  /**
   * The runner's first message.
   *
   * @param version of the protocol that it speaks
   * @param token what the service gave it at its start, so that nobody else takes its place
   */
  record Hello(int version, String token) implements Message {
    public Hello {
      requireNonNull(token, "token is null");
    }
  }

  /**
   * Asks for one attempt at a job.
   *
   * @param spec of the job, without its webhook
   * @param directory of the attempt; the result's folder exists in it
   * @param sources what was brought here, by the name that the specification has for it
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
   * Asks to load the tokenizer of a model folder and to encode a text with it.
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
   * Asks to make the samples of a specification and to count them.
   *
   * @param folder of the model
   * @param spec with its model, calibration and evaluation alone
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

  /** Asks to load PyTorch, before a job needs it. */
  record LoadTorch() implements Message {}

  /**
   * Ends the work under way: at its next unit, or at the end of its layer.
   *
   * @param when how soon
   */
  record Stop(When when) implements Message {
    public Stop {
      requireNonNull(when, "when is null");
    }

    /** How soon work stops. */
    public enum When {
      /** Where a later attempt can go on. */
      AFTER_LAYER,
      /** Before the next unit of work. */
      NEXT_UNIT
    }
  }

  /**
   * A sign of life.
   *
   * @param unit of work under way, in words that complete "while ..."
   * @param units begun by this runner so far
   */
  record Alive(String unit, long units) implements Message {
    public Alive {
      requireNonNull(unit, "unit is null");
    }
  }

  /** How far the work is; a unit of its own. */
  record Progress(JobProgress progress) implements Message {
    public Progress {
      requireNonNull(progress, "progress is null");
    }
  }

  /** The name of the unit of work that a progress begins. */
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

  /** The attempt has its result, whose files are written. */
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

  /** The attempt ended because it was asked to. */
  record Stopped() implements Message {}

  /**
   * The tokenizer was tried.
   *
   * @param problem why it cannot be used; null where it can
   */
  record Tried(String problem) implements Message {}

  /**
   * The tokens are counted.
   *
   * @param count what they come to
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
