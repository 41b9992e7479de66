package org.alphaquant.contract;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * Looks for the smallest candidate that holds: by halving, which takes a larger one to be no worse,
 * and then among the next smaller ones. Every verdict is asked for once.
 */
public final class Search {

  private static final int NEIGHBOURS = 2;

  private final List<Candidate> candidates;
  private final Function<Candidate, Verdict> judge;
  private final Map<Candidate, Verdict> verdicts = new HashMap<>();
  private final List<Tried> tried = new ArrayList<>();

  /** A candidate that was tried, and its verdict on the text of the search. */
  public record Tried(Candidate candidate, Verdict verdict) {}

  /**
   * @param judge makes a result of a candidate and measures it
   */
  public Search(List<Candidate> candidates, Function<Candidate, Verdict> judge) {
    this.candidates =
        candidates.stream().sorted(Comparator.comparingLong(Candidate::bytes)).toList();
    this.judge = judge;
  }

  /** How many verdicts a search of so many candidates takes at most. */
  public static int steps(int candidates) {
    int halvings = Integer.SIZE - Integer.numberOfLeadingZeros(candidates);
    return Math.min(candidates, halvings + NEIGHBOURS);
  }

  /** The smallest that holds; empty where the largest that was tried does not. */
  public Optional<Candidate> smallest() {
    return smallestFrom(0);
  }

  /** The smallest that holds among those larger than another. */
  public Optional<Candidate> smallestAbove(Candidate refused) {
    return smallestFrom(candidates.indexOf(refused) + 1);
  }

  private Optional<Candidate> smallestFrom(int first) {
    int low = first;
    int high = candidates.size();
    while (low < high) {
      int middle = (low + high) / 2;
      if (verdict(candidates.get(middle)).holds()) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return low < candidates.size()
        ? Optional.of(candidates.get(smallerThan(low, first)))
        : Optional.empty();
  }

  // Formats of nearly one size can be in the wrong order: goes down until two in a row do not hold.
  private int smallerThan(int found, int first) {
    int smallest = found;
    for (int i = found - 1; i >= first && i >= smallest - NEIGHBOURS; i--) {
      if (verdict(candidates.get(i)).holds()) {
        smallest = i;
      }
    }
    return smallest;
  }

  private Verdict verdict(Candidate candidate) {
    return verdicts.computeIfAbsent(
        candidate,
        one -> {
          Verdict verdict = judge.apply(one);
          tried.add(new Tried(one, verdict));
          return verdict;
        });
  }

  /** All that were tried, in order. */
  public List<Tried> tried() {
    return List.copyOf(tried);
  }

  /** The one that misses the limits least: the fewest terms fail, then the largest. */
  public Optional<Tried> closest() {
    return tried.stream()
        .min(
            Comparator.<Tried>comparingLong(one -> failing(one.verdict()))
                .thenComparing(Comparator.comparingLong(one -> -one.candidate().bytes())));
  }

  private static long failing(Verdict verdict) {
    return verdict.terms().stream().filter(term -> !term.holds()).count();
  }
}
