package org.alphaquant.contract;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.json.JsonMapper;

class SearchTest {

  @Test
  void theSmallestThatHoldsIsFoundWhereLargerOnesHoldToo() {
    for (long least = 1; least <= 12; least++) {
      long from = least;
      Search search = search(Set.of(), from);
      assertThat(search.smallest())
          .hasValueSatisfying(it -> assertThat(it.bytes()).isEqualTo(from));
      assertThat(search.tried()).doesNotHaveDuplicates().hasSizeLessThanOrEqualTo(Search.steps(12));
    }
  }

  @Test
  void aSmallerOneThatHoldsBelowOneThatDoesNotIsFound() {
    Search search = search(Set.of(5L), 7);
    assertThat(search.smallest()).hasValueSatisfying(it -> assertThat(it.bytes()).isEqualTo(5));
    assertThat(search.tried()).extracting(it -> it.candidate().bytes()).contains(3L, 4L, 6L);
  }

  @Test
  void nothingIsFoundWhereNoneHoldsAndTheSearchGoesOnAboveARefusedOne() {
    Search none = search(Set.of(), 13);
    assertThat(none.smallest()).isEmpty();
    assertThat(none.closest())
        .hasValueSatisfying(it -> assertThat(it.candidate().bytes()).isEqualTo(12));
    Search some = search(Set.of(), 4);
    Candidate refused = some.smallest().orElseThrow();
    assertThat(some.smallestAbove(refused))
        .hasValueSatisfying(it -> assertThat(it.bytes()).isEqualTo(5));
  }

  @Test
  void mixesBetweenTwoCandidatesAreHalvedDownToTheSmallestThatHolds() {
    Search search =
        new Search(
            LongStream.rangeClosed(1, 12).mapToObj(SearchTest::ofBits).toList(),
            it -> verdict(it.bytes() >= 615));
    List<Double> asked = new ArrayList<>();
    Candidate refined =
        search.refined(
            search.smallest().orElseThrow(),
            bits -> {
              asked.add(bits);
              return Optional.of(ofBits(bits));
            });
    assertThat(asked).containsExactly(6.5, 6.25, 6.125);
    assertThat(refined).isEqualTo(ofBits(6.25));
    int tried = search.tried().size();
    assertThat(search.smallestAbove(refined)).hasValue(ofBits(6.5));
    assertThat(search.tried()).hasSize(tried);
    assertThat(search.size()).isEqualTo(15);
  }

  @Test
  void whereNoCandidateHoldsAMixOfAllTheBytesThatAreAllowedMay() {
    Search search = new Search(List.of(ofBits(3), ofBits(4)), it -> verdict(it.bytes() >= 430));
    assertThat(search.smallest()).isEmpty();
    assertThat(search.extended(ofBits(4.5), bits -> Optional.of(ofBits(bits))))
        .hasValue(ofBits(4.3125));
    assertThat(search.extended(ofBits(4.2), bits -> Optional.empty())).isEmpty();
  }

  private static Candidate ofBits(double bits) {
    return new Candidate(JsonMapper.shared().createObjectNode(), Math.round(bits * 100), bits);
  }

  private static Verdict verdict(boolean holds) {
    return new Verdict(holds, List.of(new Verdict.Term("max_kl", 1, null, 0, 0, 0, holds)));
  }

  private static Search search(Set<Long> also, long least) {
    List<Candidate> candidates =
        LongStream.rangeClosed(1, 12)
            .mapToObj(bytes -> new Candidate(JsonMapper.shared().createObjectNode(), bytes, bytes))
            .toList();
    return new Search(
        candidates,
        it -> {
          return verdict(it.bytes() >= least || also.contains(it.bytes()));
        });
  }
}
