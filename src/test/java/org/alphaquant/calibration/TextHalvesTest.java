package org.alphaquant.calibration;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class TextHalvesTest {

  private static final String LONG =
      "a document that is long enough to be told from others by hash, ";

  @Test
  void documentsAreDividedWhereHalfOfTheTextIsOver() {
    List<String> documents = List.of("aaaa", "bbbb", "cccc", "d");
    assertThat(TextHalves.WHOLE.of(documents)).isEqualTo(documents);
    assertThat(TextHalves.FIRST.of(documents)).containsExactly("aaaa", "bbbb");
    assertThat(TextHalves.SECOND.of(documents)).containsExactly("cccc", "d");
  }

  @Test
  void aDocumentThatTheFirstHalfHasIsLeftOutOfTheSecond() {
    List<String> documents =
        List.of(
            LONG + 1, LONG + "the second, which is longer", LONG + 1 + "  ", LONG + 3, "}", "}");
    assertThat(TextHalves.FIRST.of(documents)).hasSize(2);
    assertThat(TextHalves.SECOND.of(documents)).containsExactly(LONG + 3, "}", "}");
  }

  @Test
  void aSingleDocumentIsCutBetweenParagraphs() {
    List<String> one = List.of("First part.\n\nSecond part.\n\nThird part.");
    assertThat(TextHalves.FIRST.of(one)).containsExactly("First part.\n\nSecond part.\n\n");
    assertThat(TextHalves.SECOND.of(one)).containsExactly("Third part.");
    assertThat(TextHalves.SECOND.of(List.of("oneword"))).isEmpty();
  }

  @Test
  void theLargestDocumentLeavesOneForTheOtherHalf() {
    List<String> documents = List.of("a", "bbbbbbbbbb");
    assertThat(TextHalves.FIRST.of(documents)).containsExactly("a");
    assertThat(TextHalves.SECOND.of(documents)).containsExactly("bbbbbbbbbb");
  }
}
