package org.alphaquant.job.plan;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.ArrayList;
import java.util.List;
import org.alphaquant.job.JobResult;
import org.alphaquant.problem.Problem;

/**
 * The expected outcome of a job.
 *
 * @param family the model's family
 * @param licence as the model's card names it; null where it names none
 * @param format the checkpoint format that would be written; chosen by the service for {@code auto}
 * @param targetRuntime the engine that is to load it; {@code none} for no particular one
 * @param sourceSha256 of the source's headers and config.json; a specification that names it runs
 *     on this source or not at all
 * @param bitsPerWeight over the quantized tensors, scales and zero points counted in
 * @param bytes size of the model's tensors before and after
 * @param calibration the samples of the texts; null where they were not counted
 * @param schemes every linear module of the model, by scheme, largest first
 * @param estimates minutes by kind of device, evaluation left out
 * @param allocation the formats that a run with a budget chooses from; null without a budget. With
 *     it the schemes are those of the posted configuration, sizes are the budget's, and tensors are
 *     not listed
 * @param keptBytes bytes of the kept Hessians on disk; null where none are kept
 * @param ladder the sizes of a ladder; null without one
 * @param warnings warnings and notes to read before posting the job
 * @param tensors every tensor of the result, in the order in which they are written
 */
public record JobPlan(
    String model,
    String family,
    @JsonInclude(JsonInclude.Include.NON_NULL) String licence,
    String format,
    String targetRuntime,
    String sourceSha256,
    double bitsPerWeight,
    JobResult.Size bytes,
    @JsonInclude(JsonInclude.Include.NON_NULL) Samples calibration,
    Memory memory,
    List<Estimate> estimates,
    List<Scheme> schemes,
    @JsonInclude(JsonInclude.Include.NON_NULL) Choice allocation,
    @JsonInclude(JsonInclude.Include.NON_NULL) Long keptBytes,
    @JsonInclude(JsonInclude.Include.NON_NULL) List<Rung> ladder,
    List<Problem> warnings,
    @JsonIgnore List<Tensor> tensors) {
  public JobPlan {
    estimates = List.copyOf(estimates);
    schemes = List.copyOf(schemes);
    warnings = List.copyOf(warnings);
    tensors = List.copyOf(tensors);
  }

  /** The same with another warning. */
  public JobPlan with(Problem note) {
    List<Problem> all = new ArrayList<>(warnings);
    all.add(note);
    return new JobPlan(
        model,
        family,
        licence,
        format,
        targetRuntime,
        sourceSha256,
        bitsPerWeight,
        bytes,
        calibration,
        memory,
        estimates,
        schemes,
        allocation,
        keptBytes,
        ladder,
        all,
        tensors);
  }

  /** How many tensors the result has. */
  @JsonProperty
  public int tensorCount() {
    return tensors.size();
  }

  /**
   * One size of a ladder.
   *
   * @param name of the folder of its result
   * @param format that is written
   * @param bitsPerWeight of the quantized tensors; its budget where it has one in bits
   * @param bytes of the model's tensors; null where a budget decides
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Rung(String name, String format, Double bitsPerWeight, Long bytes) {}

  /**
   * A tensor of the result.
   *
   * @param dtype as the storage format names it
   * @param scheme of the weights whose codes, scales or values it holds; null for a plain tensor
   * @param modules whose weights and biases it holds, abbreviated
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Tensor(
      String name,
      String dtype,
      List<Long> shape,
      long bytes,
      String scheme,
      List<String> modules) {
    public Tensor {
      shape = List.copyOf(shape);
      modules = List.copyOf(modules);
    }
  }

  /**
   * The choices of a run with a budget.
   *
   * @param sensitivity how the cost of each format is determined
   * @param grain how finely formats may be mixed: {@code projection}, {@code expert_block} or
   *     {@code all_experts}
   * @param units number of parts that may differ
   * @param formats to choose from
   * @param budgetBytes limit of all quantized tensors together
   * @param leastBytes size with the smallest formats
   * @param mostBytes size with the largest formats
   * @param reachableBytes size of the largest mix within the budget
   */
  public record Choice(
      String sensitivity,
      String grain,
      int units,
      List<String> formats,
      long budgetBytes,
      long leastBytes,
      long mostBytes,
      long reachableBytes) {
    public Choice {
      formats = List.copyOf(formats);
    }
  }

  /**
   * The calibration samples of the texts.
   *
   * @param sequenceLength tokens of each
   * @param tokens of all samples
   */
  public record Samples(int samples, int sequenceLength, long tokens) {}

  /**
   * Peak memory.
   *
   * @param deviceBytes peak bytes on the device
   * @param hostBytes peak bytes on the host, without the mapped source
   * @param expertsAtOnce experts solved as one batch; 0 in a dense model
   */
  public record Memory(long deviceBytes, long hostBytes, int expertsAtOnce) {}

  /**
   * Time on one kind of device.
   *
   * @param device {@code cpu} or {@code cuda}
   * @param operationsPerSecond the nominal rate behind the estimate
   */
  public record Estimate(String device, double operationsPerSecond, double minutes) {}

  /**
   * The modules of one scheme.
   *
   * @param scheme its label, such as {@code int4 g128}
   * @param groupSize -1 for one scale per row
   * @param count number of modules
   * @param weights number of their weights
   * @param bytes of them in the checkpoint
   * @param modules their names, abbreviated: {@code model.layers.0-15.mlp.experts.0-63.up_proj}
   */
  public record Scheme(
      String scheme,
      String wq,
      String aq,
      int groupSize,
      boolean symmetric,
      int count,
      long weights,
      double bitsPerWeight,
      long bytes,
      List<String> modules) {
    public Scheme {
      modules = List.copyOf(modules);
    }
  }
}
