package org.alphaquant.api.result;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;

/**
 * How the router used the experts over the calibration text, on its own (natural) decisions.
 *
 * <p>A run reports each layer as an event of type {@code experts} whose data is a {@link Layer},
 * and writes all of them as the artifact {@code experts.json}: {@code {"data": [layer, …]}}.
 *
 * @param complete whether these are all layers that have experts
 */
record ExpertUtilization(boolean complete, List<Layer> data) {

  ExpertUtilization {
    data = List.copyOf(data);
  }

  /**
   * @param layer counted from 0, as in the model's tensor names
   * @param tokens tokens that passed the router
   * @param topK experts per token
   * @param entropy of the experts' shares, in bits; log2 of the number of experts when all are used
   *     alike
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record Layer(
      int layer,
      Long tokens,
      @JsonProperty("top_k") Integer topK,
      Double entropy,
      List<Expert> experts) {

    Layer {
      experts = List.copyOf(experts);
    }
  }

  /**
   * @param tokens tokens routed to this expert
   * @param scoreSum sum of their routing scores
   * @param scoreMean {@code scoreSum / tokens}; left out without tokens
   * @param share of all (token, expert) pairs of the layer, 0 to 1
   * @param underUtilized whether too few tokens came to calibrate it by themselves
   * @param weightSum sum of what its tokens count in its Hessian
   * @param effectiveTokens tokens of equal weight that would say as much
   * @param layerShare part of the Hessian of its gate and up that is the layer's mean, 0 to 1
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record Expert(
      int expert,
      long tokens,
      @JsonProperty("score_sum") Double scoreSum,
      @JsonProperty("score_mean") Double scoreMean,
      Double share,
      @JsonProperty("under_utilized") boolean underUtilized,
      @JsonProperty("weight_sum") Double weightSum,
      @JsonProperty("effective_tokens") Double effectiveTokens,
      @JsonProperty("layer_share") Double layerShare) {}
}
