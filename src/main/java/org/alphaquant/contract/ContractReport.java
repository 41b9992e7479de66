package org.alphaquant.contract;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;
import org.alphaquant.job.ContractRequest;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import tools.jackson.databind.annotation.JsonNaming;

/**
 * How a contract was kept, in a report and as an event.
 *
 * @param candidates how many plans could be tried
 * @param tried what was tried, with its verdict on the text of the search
 * @param proofs how many of them were measured on the text of the proof, the last one included
 * @param config of the result, which can be posted by itself
 * @param proof its verdict on the text of the proof; null where none came so far
 */
@JsonNaming(SnakeCaseStrategy.class)
@JsonInclude(JsonInclude.Include.NON_NULL)
public record ContractReport(
    ContractRequest asked,
    int candidates,
    List<Trial> tried,
    int proofs,
    JsonNode config,
    Verdict proof) {

  /** A plan that was tried. */
  @JsonNaming(SnakeCaseStrategy.class)
  public record Trial(JsonNode config, long bytes, double bitsPerWeight, Verdict verdict) {
    static Trial of(Search.Tried tried) {
      Candidate candidate = tried.candidate();
      return new Trial(
          candidate.config(), candidate.bytes(), candidate.bitsPerWeight(), tried.verdict());
    }
  }

  /** Of a search. */
  public static ContractReport of(
      ContractRequest asked,
      int candidates,
      Search search,
      int proofs,
      JsonNode config,
      Verdict proof) {
    return new ContractReport(
        asked, candidates, search.tried().stream().map(Trial::of).toList(), proofs, config, proof);
  }
}
