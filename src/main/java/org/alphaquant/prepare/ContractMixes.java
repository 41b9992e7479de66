package org.alphaquant.prepare;

import java.util.List;
import java.util.Optional;
import org.alphaquant.allocate.Allocation;
import org.alphaquant.contract.Candidate;
import org.alphaquant.format.NumberFormat;
import org.alphaquant.job.Budget;
import org.alphaquant.job.JobSpec;
import org.alphaquant.scheme.InvalidConfigException;
import tools.jackson.databind.JsonNode;

/**
 * Mixes of formats that lie between the candidates of a contract. What every format costs in every
 * unit is measured by the first mix's own run; others follow from the same costs.
 */
public final class ContractMixes {

  private static final double NEAR = 1.75;

  private final JobPreparation preparation;
  private final JobSpec spec;

  /**
   * @param spec of the job with the contract
   */
  public ContractMixes(JobPreparation preparation, JobSpec spec) {
    this.preparation = preparation;
    this.spec = spec;
  }

  /**
   * The job that measures the costs and makes the mix of so many bits a weight; empty where nothing
   * can be mixed.
   *
   * @param config of the candidate whose units get other formats
   */
  public Optional<JobSpec> first(JsonNode config, double bits) {
    JobSpec mix = spec.trial(config, budget(near(spec.contract().formats(), bits), bits));
    try (PreparedJob job = preparation.open(mix)) {
      return AllocationPlan.of(job).filter(it -> it.problems().isEmpty()).map(it -> mix);
    } catch (InvalidConfigException e) {
      return Optional.empty();
    }
  }

  /** The mix of so many bits by known costs; empty where there is none so small. */
  public Optional<Candidate> of(JsonNode config, Allocation known, double bits) {
    try (PreparedJob job = preparation.open(spec.trial(config, budget(known.formats(), bits)))) {
      return AllocationPlan.of(job)
          .filter(it -> it.problems().isEmpty())
          .map(it -> candidate(it, it.config(chosen(it, known))));
    }
  }

  /** The bits a weight with which a candidate would have so many bytes. */
  public double bits(Candidate candidate, long bytes) {
    try (PreparedJob job = preparation.open(spec.trial(candidate.config()))) {
      long weights =
          job.plan().content().quantized().stream()
              .mapToLong(module -> module.module().elements())
              .sum();
      return candidate.bitsPerWeight() + (double) (bytes - candidate.bytes()) * Byte.SIZE / weights;
    }
  }

  private static int[] chosen(AllocationPlan plan, Allocation known) {
    double[][] costs = new double[plan.units().size()][plan.formats().size()];
    for (int u = 0; u < costs.length; u++) {
      for (int f = 0; f < costs[u].length; f++) {
        costs[u][f] = known.units().get(u).costs().get(plan.formats().get(f).name());
      }
    }
    return plan.knapsack(costs).choose(plan.budgetBytes() - plan.fixedBytes());
  }

  private static Candidate candidate(AllocationPlan plan, JsonNode config) {
    PreparedJob mixed = plan.job().configured(config);
    return new Candidate(config, mixed.plan().outputBytes(), mixed.plan().bitsPerWeight());
  }

  // Of a contract's own formats those near the bits, two at least; else what goes with the config.
  private static List<String> near(List<String> formats, double bits) {
    if (formats == null) {
      return null;
    }
    List<String> near =
        formats.stream()
            .filter(
                name ->
                    NumberFormat.named(name)
                        .filter(it -> Math.abs(it.bits() - bits) <= NEAR)
                        .isPresent())
            .toList();
    return near.size() > 1 ? near : null;
  }

  private static Budget budget(List<String> formats, double bits) {
    return new Budget(bits, null, formats, null, null);
  }
}
