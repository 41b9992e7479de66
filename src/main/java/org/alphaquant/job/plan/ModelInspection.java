package org.alphaquant.job.plan;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;

/**
 * Description of a model.
 *
 * @param family the family, {@code model_type} of config.json
 * @param licence licence named by its card; null if none
 * @param recognisedBy how the family was recognised: {@code request}, {@code model_type}, {@code
 *     architectures} or {@code tensor names}
 * @param experts routed experts per layer; 0 for a dense model
 * @param topK experts per token; 0 for a dense model
 * @param routing of the first sparse layer; null in a dense model
 * @param parameters number of parameters used in the forward pass
 * @param bytes their stored size
 * @param contextLength positions it was trained for; 0 if config.json does not say
 * @param tiedHead whether the head shares the embedding's weight
 * @param quantized modules that the default configuration quantizes
 * @param unread tensors that the forward pass does not use; they are copied
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record ModelInspection(
    String model,
    String family,
    String licence,
    String recognisedBy,
    int layers,
    int sparseLayers,
    int experts,
    int topK,
    Routing routing,
    long hidden,
    long vocabulary,
    long contextLength,
    boolean tiedHead,
    long parameters,
    long bytes,
    Names quantized,
    Names unread) {

  /**
   * How tokens are routed to experts.
   *
   * @param score function of the router's logits: softmax, sigmoid or sparsemixer
   * @param renormalised whether the chosen scores are divided by their sum
   * @param scale constant factor on the weights
   * @param groups groups the experts are split into, 1 without
   * @param keptGroups groups that a token may choose from
   * @param correctionBias whether a stored bias takes part in choosing
   * @param sharedExpertWidth width of the expert that every token visits, 0 without one
   * @param sharedExpertGated whether that expert has a gate
   */
  public record Routing(
      String score,
      boolean renormalised,
      double scale,
      int groups,
      int keptGroups,
      boolean correctionBias,
      long sharedExpertWidth,
      boolean sharedExpertGated) {}

  /**
   * Names, summarized as patterns.
   *
   * @param count how many there are
   * @param names {@code model.layers.0-15.mlp.experts.0-63.{gate_proj,up_proj}}
   */
  public record Names(int count, List<String> names) {
    public Names {
      names = List.copyOf(names);
    }
  }
}
