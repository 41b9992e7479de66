package org.alphaquant.job;

import com.fasterxml.jackson.annotation.JsonProperty;

/** What a token counts for in the Hessian of an expert it is routed to. */
public enum RoutingWeight {
  /** Its routing score p. */
  @JsonProperty("score")
  SCORE,
  /** One, as in plain GPTQ. */
  @JsonProperty("none")
  NONE,
  /** p squared: what the expert's output error is really multiplied with. */
  @JsonProperty("score_squared")
  SCORE_SQUARED
}
