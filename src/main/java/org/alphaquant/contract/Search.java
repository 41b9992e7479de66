package org.alphaquant.contract;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.DoubleFunction;
import java.util.function.Function;

/**
 * Looks for the smallest candidate that holds: by halving, which takes a larger one to be no worse,
 * then among the next smaller ones, and then among mixes of formats between the one found and the
 * next smaller one that does not hold. Every verdict is asked for once.
 */
public final class Search {

  private static final int NEIGHBOURS = 2;

  /** Mixes that are tried, at most. */
  public static final int MIXES = 3;

  // Nearer than this, another mix is not worth its run.
  private static final double NEAR = 1.01;

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
        new ArrayList<>(
            candidates.stream().sorted(Comparator.comparingLong(Candidate::bytes)).toList());
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

  /**
   * A smaller mix that holds, found by halving the bits between a candidate that holds and the next
   * smaller one that was tried; the candidate itself where there is none. Mixes are candidates from
   * then on.
   *
   * @param mixed gives a mix of so many bits a weight; empty where there is none
   */
  public Candidate refined(Candidate found, DoubleFunction<Optional<Candidate>> mixed) {
    int at = candidates.indexOf(found);
    if (at == 0) {
      return found;
    }
    Candidate smallest = found;
    double below = candidates.get(at - 1).bitsPerWeight();
    double above = found.bitsPerWeight();
    for (int i = 0; i < MIXES && above > NEAR * below; i++) {
      double middle = (below + above) / 2;
      Optional<Candidate> mix = mixed.apply(middle).filter(this::add);
      if (mix.isEmpty()) {
        return smallest;
      }
      if (verdict(mix.get()).holds()) {
        smallest = mix.get();
        above = middle;
      } else {
        below = middle;
      }
    }
    return smallest;
  }

  /**
   * Goes on with a mix that is larger than all candidates, none of which holds.
   *
   * @return the mix, or a smaller one; empty where it does not hold either
   */
  public Optional<Candidate> extended(
      Candidate largest, DoubleFunction<Optional<Candidate>> mixed) {
    return add(largest) && verdict(largest).holds()
        ? Optional.of(refined(largest, mixed))
        : Optional.empty();
  }

  /** The largest candidate. */
  public Candidate largest() {
    return candidates.get(candidates.size() - 1);
  }

  /** How many there are, mixes among them. */
  public int size() {
    return candidates.size();
  }

  // False where there is one of its size.
  private boolean add(Candidate mix) {
    if (candidates.stream().anyMatch(it -> it.bytes() == mix.bytes())) {
      return false;
    }
    candidates.add(mix);
    candidates.sort(Comparator.comparingLong(Candidate::bytes));
    return true;
  }

  // Up to the smallest that is known to hold.
  private int known(int first) {
    for (int i = first; i < candidates.size(); i++) {
      Verdict verdict = verdicts.get(candidates.get(i));
      if (verdict != null && verdict.holds()) {
        return i;
      }
    }
    return candidates.size();
  }

  private Optional<Candidate> smallestFrom(int first) {
    int low = first;
    int high = known(first);
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
