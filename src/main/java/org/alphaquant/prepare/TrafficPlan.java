package org.alphaquant.prepare;

import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import org.alphaquant.architecture.LayerDescription;
import org.alphaquant.architecture.ModelDescription;
import org.alphaquant.job.TrafficRequest;
import org.alphaquant.problem.Problem;
import org.alphaquant.source.SourceException;
import org.alphaquant.traffic.ExpertCounts;
import org.alphaquant.traffic.TrafficException;
import tools.jackson.databind.JsonNode;

/** The experts that a job's traffic uses, held against the model. */
public record TrafficPlan(PreparedJob job, JobInputs inputs) {

  private static final String POINTER = "/traffic/expert_counts";

  /**
   * The counts; empty where the job has none, or they are in a file that only the run brings.
   *
   * @throws TrafficException if they are not those of the model
   */
  public Optional<ExpertCounts> counts() {
    return inputs.expertCounts(job.spec()).map(json -> of(json, job.description()));
  }

  private static ExpertCounts of(JsonNode json, ModelDescription description) {
    NavigableMap<Integer, Integer> experts = new TreeMap<>();
    for (LayerDescription layer : description.layerList()) {
      layer.routing().ifPresent(routing -> experts.put(layer.index(), routing.experts()));
    }
    return ExpertCounts.read(json, experts, description.layers());
  }

  /** Why the counts cannot be followed; a sentence each. */
  List<Problem> problems() {
    TrafficRequest asked = job.spec().traffic();
    if (asked == null) {
      return List.of();
    }
    try {
      if (job.description().routing().isEmpty()) {
        return List.of(problem("/traffic", "the model has no experts that traffic could use"));
      }
      counts();
      return List.of();
    } catch (TrafficException e) {
      return List.of(
          problem(asked.file().isPresent() ? POINTER : POINTER + e.place(), e.getMessage()));
    } catch (SourceException e) {
      return List.of(InputProblems.of(POINTER, asked.expertCounts().stringValue(), e.getMessage()));
    }
  }

  private static Problem problem(String pointer, String detail) {
    return Problem.error("unusable-traffic", pointer, null, detail);
  }

  /** What is done with the traffic. */
  List<Problem> notes() {
    if (job.spec().traffic() == null) {
      return List.of();
    }
    boolean kept = job.spec().calibration().solvesFromKept();
    return List.of(
        Problem.note(
            "fitted-to-traffic",
            "/traffic",
            null,
            kept
                ? "The kept Hessians of experts count as much as the traffic uses each; what all tokens pass stays as it was calibrated. calibration.sequential true weighs the kept text instead."
                : "One more pass of the calibration text finds weights under which it is routed like the traffic, at least %.0f %% of it counting; every Hessian goes by them."
                    .formatted(100 * job.spec().traffic().effective())));
  }
}
