package org.alphaquant.run;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.alphaquant.calibration.Tokenizer;
import org.alphaquant.chat.ModelChat;
import org.alphaquant.job.EvaluationRequest;
import org.alphaquant.prepare.EvaluationInputs;
import org.alphaquant.prepare.JobInputs;
import org.alphaquant.prepare.JobPreparation;
import org.alphaquant.prepare.PreparedJob;
import org.alphaquant.worker.JobContext;

/**
 * What several runs of one model share, one after another or at once: its open source with hashes
 * and tokenizer, the devices, and the encoded evaluation text. Each is opened when a run first asks
 * for it.
 */
final class RunSession implements AutoCloseable {

  private final List<String> devices;
  private final Map<Evaluated, EvaluationInputs> evaluations = new HashMap<>();
  private PreparedJob first;
  private Tokenizer tokenizer;
  private Optional<ModelChat> chat;
  private OpeningDevices opening;
  private SourceHashes hashes;
  private boolean rehearsed;

  /** A text that is measured on, and the documents that were calibrated or trained on. */
  private record Evaluated(EvaluationRequest asked, Set<Long> seen) {}

  /**
   * @param devices of all runs together
   */
  RunSession(List<String> devices) {
    this.devices = List.copyOf(devices);
  }

  /** The job of a run, on the source of the first one. */
  synchronized PreparedJob job(JobContext context, JobInputs inputs) {
    if (first == null) {
      first = new JobPreparation(inputs).open(context.spec());
      return first;
    }
    return first.with(context.spec());
  }

  synchronized Tokenizer tokenizer(JobContext context) {
    if (tokenizer == null) {
      tokenizer = QuantizationRun.tokenizer(context, first.source());
    }
    return tokenizer;
  }

  synchronized Optional<ModelChat> chat(JobContext context) {
    if (chat == null) {
      context.unit("reading the chat template");
      chat = ModelChat.of(first.source().folder(), first.source().links()::open);
    }
    return chat;
  }

  /** Starts PyTorch and what tokenizers need beside the reading of the source and of text. */
  synchronized void open() {
    if (opening == null) {
      opening = new OpeningDevices(devices);
      Thread warming = new Thread(Tokenizer::warmUp, "warm tokenizer");
      warming.setDaemon(true);
      warming.start();
    }
  }

  /** Hashes the source beside the reading of text. */
  synchronized void hash() {
    if (hashes == null) {
      hashes = new SourceHashes(first.source());
    }
  }

  /** Rehearses the first run's work on the devices, once they are open. */
  synchronized void rehearse() {
    if (!rehearsed) {
      rehearsed = true;
      opening.rehearse(first);
    }
  }

  /** Those of the run. */
  OpenDevices devices(JobContext context) {
    return opening.devices(context).named(context.devices());
  }

  SourceHashes hashes() {
    return hashes;
  }

  /**
   * What is measured on.
   *
   * @param seen digests of the documents that the model is calibrated or trained on
   */
  synchronized EvaluationInputs evaluation(JobContext context, JobInputs inputs, Set<Long> seen) {
    Evaluated key = new Evaluated(context.spec().evaluation(), Set.copyOf(seen));
    if (!evaluations.containsKey(key)) {
      context.unit("encoding the evaluation text");
      evaluations.put(
          key, EvaluationTexts.of(inputs, context.spec(), tokenizer(context), chat(context), seen));
    }
    return evaluations.get(key);
  }

  @Override
  public void close() {
    if (hashes != null) {
      hashes.close();
    }
    if (opening != null) {
      opening.close();
    }
    if (tokenizer != null) {
      tokenizer.close();
    }
    if (first != null) {
      first.close();
    }
  }
}
