package org.alphaquant.job;

import static org.alphaquant.job.Limits.above;
import static org.alphaquant.job.Limits.size;
import static org.alphaquant.job.Limits.text;
import static org.alphaquant.job.Limits.within;

import java.util.List;
import tools.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import tools.jackson.databind.annotation.JsonNaming;

/**
 * Requirements of a result. The service searches for the smallest result that satisfies them. A
 * limit is met if the unfavourable end of the figure's 95 % interval meets it. At least one of the
 * first three is required.
 *
 * @param maxKl most mean Kullback-Leibler divergence from the original, in nats a token
 * @param minTop1Agreement least share of predictions whose most probable token is the original's
 * @param minRouterAgreement least share of tokens that every layer's router sends to the experts
 *     that the original sends them to
 * @param maxBytes most bytes of the result's tensors
 * @param formats number formats to try, in any order; null for the usual ones
 * @param mixes whether mixes of formats are tried where one format holds and the next smaller one
 *     does not
 */
@JsonNaming(SnakeCaseStrategy.class)
public record ContractRequest(
    Double maxKl,
    Double minTop1Agreement,
    Double minRouterAgreement,
    Long maxBytes,
    List<String> formats,
    Boolean mixes) {

  public ContractRequest {
    if (maxKl == null && minTop1Agreement == null && minRouterAgreement == null) {
      throw new SpecException(
          "contract", "no limit of quality", "max_kl, min_top1_agreement or min_router_agreement");
    }
    mixes = Limits.orElse(mixes, true);
    if (maxKl != null) {
      above("max_kl", maxKl, 0, 100);
    }
    if (minTop1Agreement != null) {
      within("min_top1_agreement", minTop1Agreement, 0, 1);
    }
    if (minRouterAgreement != null) {
      within("min_router_agreement", minRouterAgreement, 0, 1);
    }
    if (maxBytes != null) {
      within("max_bytes", maxBytes, 1, 1L << 50);
    }
    if (formats != null) {
      size("formats", formats, 1, 32);
      formats.forEach(format -> text("formats", format, 32));
      formats = List.copyOf(formats);
    }
  }
}
