package org.alphaquant.traffic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.json.JsonMapper;

class ExpertCountsTest {

  /** Three layers, the first of which is dense. */
  private static ExpertCounts read(String json) {
    return ExpertCounts.read(
        JsonMapper.shared().readTree(json), new TreeMap<>(Map.of(1, 3, 2, 3)), 3);
  }

  @Test
  void countsAreTheSameHoweverTheyAreWritten() {
    ExpertCounts counts = read("{\"1\": [1, 0, 3], \"2\": [0, 0, 5]}");
    assertThat(counts.shares(1)).containsExactly(0.25, 0, 0.75);
    assertThat(counts.shares(2)).containsExactly(0, 0, 1);
    assertThat(read("[null, [1, 0, 3], [0, 0, 5]]").sha256()).isEqualTo(counts.sha256());
    assertThat(read("[[0, 0, 0], [1, 0, 3], [0, 0, 5]]").sha256()).isEqualTo(counts.sha256());
    assertThat(read("[[1, 0, 3], [0, 0, 5]]").sha256()).isEqualTo(counts.sha256());
    assertThat(read("{\"2\": {\"2\": 5}, \"1\": {\"0\": 1, \"2\": 3}}").sha256())
        .isEqualTo(counts.sha256());
    assertThat(read("[[1, 0, 4], [0, 0, 5]]").sha256()).isNotEqualTo(counts.sha256());
  }

  @Test
  void hugeCountsStillAddUp() {
    assertThat(read("[[1e300, 1e300, 0], [1, 1, 2]]").shares(1)).containsExactly(0.5, 0.5, 0);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{\"1\": [1,2,3]}|``|layer 2 has no counts",
        "{\"1\": [1,2,3], \"2\": [0,0,0]}|/2|all counts of layer 2 are zero",
        "{\"1\": [1,2], \"2\": [1,2,3]}|/1|layer 1 has 3 experts and 2 counts",
        "{\"1\": [1,-2,3], \"2\": [1,2,3]}|/1/1|expert 1 of layer 1 has the count -2",
        "{\"1\": [1,\"x\",3], \"2\": [1,2,3]}|/1/1|expert 1 of layer 1 has the count \"x\"",
        "{\"1\": {\"3\": 1}, \"2\": [1,2,3]}|/1/3|layer 1 has no expert '3'; its experts are 0 to 2",
        "{\"1\": 5, \"2\": [1,2,3]}|/1|the counts of layer 1 are neither an array nor an object",
        "{\"0\": [1,2,3], \"1\": [1,2,3], \"2\": [1,2,3]}|/0|layer 0 has no experts; those that have are [1, 2]",
        "{\"7\": [1,2,3]}|/7|there is no layer '7'; layers are 0 to 2",
        "{\"x\": [1,2,3]}|/x|there is no layer 'x'",
        "[[1,2,3],[1,2,3],[1,2,3]]|/0|layer 0 has no experts",
        "[[1,2,3]]|``|counts of 1 layers; the model has 3, of which 2 have experts",
      })
  void whatIsNotOfTheModelIsNamed(String json, String place, String message) {
    assertThatThrownBy(() -> read(json))
        .isInstanceOfSatisfying(
            TrafficException.class, it -> assertThat(it.place()).isEqualTo(place))
        .hasMessageContaining(message);
  }

  @Test
  void aDenseModelHasNoTraffic() {
    assertThatThrownBy(
            () -> ExpertCounts.read(JsonMapper.shared().readTree("{}"), new TreeMap<>(), 3))
        .hasMessageContaining("the model has no experts");
  }
}
