package org.alphaquant.prepare;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.alphaquant.calibration.TextSource;
import org.alphaquant.calibration.Tokenizer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BuiltInTextTest {
  private static final List<String> DOCUMENTS =
      ((TextSource.Inline) BuiltInText.documents()).texts();

  @Test
  void thereIsEnoughForTheDefaultNumberOfSamples() {
    try (Tokenizer tokenizer = Tokenizer.open(Path.of("examples/models/olmoe-demo"))) {
      long tokens = DOCUMENTS.stream().mapToLong(it -> tokenizer.encode(it).length).sum();
      assertThat(DOCUMENTS).hasSizeGreaterThanOrEqualTo(300).doesNotHaveDuplicates();
      assertThat(tokens).isGreaterThanOrEqualTo(150_000);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        " the ",
        " nicht ",
        " qu'",
        " está",
        "的",
        "```|def |public |#include|SELECT ",
        "\n|---|",
        "“|„|\"",
        "{\n"
      })
  void everyKindOfTextIsThere(String marks) {
    List<String> any = List.of(marks.split("\\|(?=[^-])"));
    assertThat(DOCUMENTS)
        .filteredOn(document -> any.stream().anyMatch(document::contains))
        .hasSizeGreaterThan(9);
  }

  @Test
  void documentsSayDifferentThings() {
    Map<String, Integer> first = new HashMap<>();
    Set<String> repeated = new HashSet<>();
    int all = 0;
    for (int i = 0; i < DOCUMENTS.size(); i++) {
      List<String> words = List.of(DOCUMENTS.get(i).split("\\W+"));
      all += Math.max(0, words.size() - 7);
      int document = i;
      IntStream.range(0, words.size() - 7)
          .mapToObj(at -> String.join(" ", words.subList(at, at + 8)))
          .filter(eight -> first.computeIfAbsent(eight, it -> document) != document)
          .forEach(repeated::add);
    }
    // Words that eight in a row came in an earlier document, as those of a table's head.
    assertThat(repeated.size()).isLessThan(all / 20);
  }
}
