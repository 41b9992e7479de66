package org.alphaquant.contract;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.alphaquant.job.ContractRequest;
import org.alphaquant.measure.Divergence;
import org.alphaquant.measure.Figure;

/**
 * What was measured of a result beside what was asked for.
 *
 * @param terms one for each limit
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record Verdict(boolean holds, List<Term> terms) {

  private static final int UNCHANGED = 1;

  /**
   * One limit.
   *
   * @param limit as the contract has it
   * @param layer of a router, the one that agrees least; null of other terms
   * @param holds whether the end of the interval that speaks against it keeps the limit
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Term(
      String name,
      double limit,
      Integer layer,
      double value,
      double low,
      double high,
      boolean holds) {

    static Term most(String name, double limit, Figure figure) {
      return new Term(
          name, limit, null, figure.value(), figure.low(), figure.high(), figure.high() <= limit);
    }

    static Term least(String name, double limit, Integer layer, Figure figure) {
      return new Term(
          name, limit, layer, figure.value(), figure.low(), figure.high(), figure.low() >= limit);
    }
  }

  /** Judges by measured figures; a dense model has no routers to disagree. */
  public static Verdict of(ContractRequest asked, Divergence measured) {
    List<Term> terms = new ArrayList<>();
    if (asked.maxKl() != null) {
      terms.add(Term.most("max_kl", asked.maxKl(), measured.mean()));
    }
    if (asked.minTop1Agreement() != null) {
      terms.add(
          Term.least(
              "min_top1_agreement", asked.minTop1Agreement(), null, measured.topOneAgreement()));
    }
    if (asked.minRouterAgreement() != null) {
      router(asked.minRouterAgreement(), measured, terms);
    }
    return new Verdict(terms.stream().allMatch(Term::holds), List.copyOf(terms));
  }

  private static void router(double limit, Divergence measured, List<Term> terms) {
    measured.routers().stream()
        .map(router -> Term.least("min_router_agreement", limit, router.layer(), agreement(router)))
        .min(java.util.Comparator.comparingDouble(Term::low))
        .ifPresent(terms::add);
  }

  private static Figure agreement(Divergence.RouterAgreement router) {
    Figure changed = router.changed();
    return new Figure(
        UNCHANGED - changed.value(), UNCHANGED - changed.high(), UNCHANGED - changed.low());
  }

  /** The terms in words, for messages. */
  public String words() {
    return String.join(", ", terms.stream().map(Verdict::words).toList());
  }

  private static String words(Term term) {
    return String.format(
        Locale.ROOT,
        "%s %s: %.4g (%.4g to %.4g)%s",
        term.name(),
        BigDecimal.valueOf(term.limit()).stripTrailingZeros().toPlainString(),
        term.value(),
        term.low(),
        term.high(),
        term.holds() ? "" : " fails");
  }
}
