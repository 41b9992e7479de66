package org.alphaquant.job;

import com.fasterxml.jackson.annotation.JsonProperty;

/** Which documents of a text are meant; a single document is cut between two paragraphs. */
public enum TextPart {
  @JsonProperty("whole")
  WHOLE,

  /** The first documents, up to half of the text. */
  @JsonProperty("first_half")
  FIRST_HALF,

  /** The documents after those, but for any that the first half has too. */
  @JsonProperty("second_half")
  SECOND_HALF
}
