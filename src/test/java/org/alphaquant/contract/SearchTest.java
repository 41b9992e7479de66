package org.alphaquant.contract;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
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

  private static Search search(Set<Long> also, long least) {
    List<Candidate> candidates =
        LongStream.rangeClosed(1, 12)
            .mapToObj(bytes -> new Candidate(JsonMapper.shared().createObjectNode(), bytes, bytes))
            .toList();
    return new Search(
        candidates,
        it -> {
          boolean holds = it.bytes() >= least || also.contains(it.bytes());
          return new Verdict(holds, List.of(new Verdict.Term("max_kl", 1, null, 0, 0, 0, holds)));
        });
  }
}
