package org.alphaquant.run;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.alphaquant.allocate.Allocation;
import org.alphaquant.checkpoint.WrittenFile;
import org.alphaquant.contract.Candidate;
import org.alphaquant.contract.ContractReport;
import org.alphaquant.contract.Search;
import org.alphaquant.contract.Verdict;
import org.alphaquant.job.JobError;
import org.alphaquant.job.JobResult;
import org.alphaquant.job.JobSpec;
import org.alphaquant.job.RunFailure;
import org.alphaquant.job.TextPart;
import org.alphaquant.prepare.ContractCandidates;
import org.alphaquant.prepare.ContractMixes;
import org.alphaquant.prepare.JobInputs;
import org.alphaquant.prepare.JobPreparation;
import org.alphaquant.problem.Problem;
import org.alphaquant.worker.JobContext;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Finds the smallest result that satisfies a contract. Each candidate is a whole run in its own
 * folder, measured on the first half of the evaluation text; the chosen one is measured on the
 * second half, which the search has not seen. If it fails there, the search continues with larger
 * candidates.
 */
final class ContractRun {

  private static final JsonMapper JSON = JsonMapper.shared();

  private final JobInputs inputs;
  private final JobContext context;
  private final QuantizationRun runner;
  private final RunSession session;
  private final JobSpec spec;
  private final Map<Candidate, Trial> trials = new HashMap<>();
  private final Proving proving;
  private final ContractMixes mixing;
  private Allocation costs;
  private int proofs;
  private int steps;

  /** A result that was made for a candidate. */
  private record Trial(TrialContext context, JobResult result) {}

  /**
   * @param runner makes and measures single results
   */
  ContractRun(JobInputs inputs, JobContext context, QuantizationRun runner, RunSession session) {
    this.inputs = inputs;
    this.context = context;
    this.runner = runner;
    this.session = session;
    this.spec = context.spec();
    this.proving = new Proving(inputs, context);
    this.mixing = new ContractMixes(new JobPreparation(inputs), spec);
  }

  JobResult run() throws IOException {
    List<Problem> refused = new ArrayList<>();
    List<Candidate> candidates =
        new ContractCandidates(new JobPreparation(inputs)).of(spec, refused);
    if (candidates.isEmpty()) {
      throw failure("no plan can be tried: " + refused.get(0));
    }
    new HeldOut(inputs, context).require();
    steps = Search.steps(candidates.size()) + (mixes() ? Search.MIXES : 0) + 1;
    Search search = new Search(candidates, this::searched);
    Optional<Candidate> found = found(search);
    Verdict proof = null;
    while (found.isPresent()) {
      Figures measured = measured(found.get(), TextPart.SECOND_HALF);
      proofs++;
      proof = Verdict.of(spec.contract(), measured.divergence());
      if (proof.holds()) {
        return kept(search, found.get(), proof, measured);
      }
      found = search.smallestAbove(found.get());
    }
    throw notKept(search, proof);
  }

  // The text of a kept calibration that costs would be measured on has no hashes of documents.
  private boolean mixes() {
    return spec.contract().mixes() && spec.calibration().id() == null;
  }

  private Optional<Candidate> found(Search search) {
    Optional<Candidate> found = search.smallest();
    if (!mixes()) {
      return found;
    }
    if (found.isPresent()) {
      JsonNode config = found.get().config();
      return Optional.of(search.refined(found.get(), bits -> mixed(config, bits)));
    }
    return spec.contract().maxBytes() == null ? found : filling(search);
  }

  // No format as small as that holds: all the bytes that are allowed, spent where they help most.
  private Optional<Candidate> filling(Search search) {
    Candidate largest = search.largest();
    return mixed(largest.config(), mixing.bits(largest, spec.contract().maxBytes()))
        .filter(it -> it.bytes() > largest.bytes())
        .flatMap(it -> search.extended(it, bits -> mixed(largest.config(), bits)));
  }

  // The first one's run measures what every format costs where; it is the same job in all attempts.
  private Optional<Candidate> mixed(JsonNode config, double bits) {
    if (costs != null) {
      return mixing.of(config, costs, bits);
    }
    return mixing
        .first(config, bits)
        .map(
            mix -> {
              try {
                Trial trial = made(mix, "bits-%.4f".formatted(bits));
                JsonNode report = JSON.readTree(trial.context().report().toFile());
                costs = JSON.treeToValue(report.get("allocation"), Allocation.class);
                Candidate candidate =
                    new Candidate(
                        costs.config(),
                        trial.result().bytes().after(),
                        trial.result().bitsPerWeight());
                trials.put(candidate, trial);
                return candidate;
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
            });
  }

  private Verdict searched(Candidate candidate) {
    try {
      Verdict verdict =
          Verdict.of(spec.contract(), measured(candidate, TextPart.FIRST_HALF).divergence());
      context.event(
          "log",
          Map.of(
              "level",
              "info",
              "message",
              "contract: %.3f bits a weight, %,d bytes: %s"
                  .formatted(candidate.bitsPerWeight(), candidate.bytes(), verdict.words())));
      return verdict;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Figures measured(Candidate candidate, TextPart part) throws IOException {
    Trial trial = trials.get(candidate);
    if (trial == null) {
      trial = made(spec.trial(candidate.config()), "bytes-" + candidate.bytes());
      trials.put(candidate, trial);
    }
    return proving.measured(
        spec.trial(candidate.config()),
        trial.context().artifactDirectory(),
        part,
        done(trials.size()));
  }

  private Trial made(JobSpec candidate, String name) throws IOException {
    TrialContext trial =
        TrialContext.of(
            context, candidate, name, Map.of(), done(trials.size()), done(trials.size() + 1));
    return new Trial(trial, runner.run(trial, session));
  }

  private double done(int made) {
    return Math.min(1, (double) made / steps);
  }

  private JobResult kept(Search search, Candidate chosen, Verdict proof, Figures measured)
      throws IOException {
    Trial trial = trials.get(chosen);
    ContractReport report = report(search, chosen, proof);
    context.event("contract", report);
    Path folder = context.artifactDirectory();
    move(trial.context().artifactDirectory(), folder);
    new ContractFiles(folder).write(report, measured);
    return new JobResult(
        measured.perplexity(),
        measured.divergence(),
        measured.choices(),
        trial.result().bitsPerWeight(),
        trial.result().bytes(),
        artifacts(folder, trial.result()));
  }

  private ContractReport report(Search search, Candidate chosen, Verdict proof) {
    return ContractReport.of(
        spec.contract(),
        search.size(),
        search,
        proofs,
        chosen == null ? null : chosen.config(),
        proof);
  }

  private static void move(Path from, Path to) throws IOException {
    try (Stream<Path> files = Files.walk(from)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Path target = to.resolve(from.relativize(file).toString());
        Files.createDirectories(target.getParent());
        Files.move(file, target, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
      }
    }
  }

  // Files that the trial hashed are not read again, except those rewritten since.
  private static List<JobResult.Artifact> artifacts(Path folder, JobResult trial)
      throws IOException {
    Map<String, JobResult.Artifact> known = new HashMap<>();
    trial.artifacts().forEach(artifact -> known.put(artifact.name(), artifact));
    ContractFiles.WRITTEN.forEach(known::remove);
    List<JobResult.Artifact> all = new ArrayList<>();
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.filter(Files::isRegularFile).sorted().toList()) {
        String name = folder.relativize(file).toString().replace('\\', '/');
        JobResult.Artifact artifact = known.get(name);
        if (artifact == null) {
          WrittenFile written = WrittenFile.of(file);
          artifact = new JobResult.Artifact(name, written.bytes(), written.sha256());
        }
        all.add(artifact);
      }
    }
    all.sort(Comparator.comparing(JobResult.Artifact::name));
    return all;
  }

  private RunFailure notKept(Search search, Verdict proof) {
    ContractReport report = report(search, null, proof);
    context.event("contract", report);
    Search.Tried closest = search.closest().orElseThrow();
    String message =
        "none of %d plans keeps the contract; the closest has %.3f bits a weight and %,d bytes: %s"
            .formatted(
                search.size(),
                closest.candidate().bitsPerWeight(),
                closest.candidate().bytes(),
                (proof == null ? closest.verdict() : proof).words());
    return new RunFailure(
        new JobError(
            "contract-not-kept",
            JobError.Kind.USER,
            message,
            "its config: " + JsonMapper.shared().writeValueAsString(closest.candidate().config())));
  }

  private static RunFailure failure(String message) {
    return new RunFailure(JobError.Kind.USER, "contract-not-kept", message);
  }
}
