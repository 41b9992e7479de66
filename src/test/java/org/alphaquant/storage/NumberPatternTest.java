package org.alphaquant.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NumberPatternTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = ' ',
      value = {
        "3 3",
        "0,15 (?:0|15)",
        "1,2,3,4,5,6,7,8,9,10,11,12,13,14 (?:[1-9]|1[0-4])",
        "1,3,4,5,7 [13-57]",
        "10,11,20,21 [12][01]",
        "100,101,205 (?:10[01]|205)",
      })
  void expressionsAreShort(String numbers, String expression) {
    List<Integer> list = List.of(numbers.split(",")).stream().map(Integer::valueOf).toList();
    assertThat(NumberPattern.of(list)).isEqualTo(expression);
  }

  @Test
  void expressionsMatchExactlyTheirNumbers() {
    Random random = new Random(7);
    for (int round = 0; round < 200; round++) {
      double share = random.nextDouble();
      Set<Integer> chosen =
          IntStream.range(0, 300)
              .filter(number -> random.nextDouble() < share)
              .boxed()
              .collect(Collectors.toSet());
      chosen.add(round);
      Pattern pattern = Pattern.compile(NumberPattern.of(chosen));
      Set<Integer> matched =
          IntStream.range(0, 3000)
              .filter(number -> pattern.matcher(String.valueOf(number)).matches())
              .boxed()
              .collect(Collectors.toSet());
      assertThat(matched).as(pattern.pattern()).isEqualTo(chosen);
    }
  }
}
