package org.alphaquant.checkpoint;

import static org.alphaquant.checkpoint.MadeFile.tensor;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;
import org.alphaquant.checkpoint.CheckpointException.Kind;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class MalformedFileTest {

  @TempDir Path folder;

  @ParameterizedTest(name = "{0}: {3}")
  @MethodSource("headers")
  void everyBrokenRuleHasItsOwnError(Kind kind, String header, int dataBytes, String told)
      throws IOException {
    Path file = MadeFile.write(folder.resolve("model.safetensors"), header, dataBytes);

    CheckpointException problem = opening(file);

    assertThat(problem.kind()).isEqualTo(kind);
    assertThat(problem).hasMessageContaining("model.safetensors").hasMessageContaining(told);
    assertThat(problem.file()).contains(file);
  }

  static Stream<Arguments> headers() {
    return Stream.of(
        broken(Kind.HEADER_START, "", 0, "is empty instead of '{'"),
        broken(Kind.HEADER_START, " {}", 0, "byte 0x20 instead of '{'"),
        broken(Kind.HEADER_START, "[]", 0, "byte 0x5b instead of '{'"),
        broken(Kind.HEADER_JSON, "{\"a\":", 0, "not valid JSON"),
        broken(Kind.HEADER_JSON, "{} x", 0, "not valid JSON"),
        broken(Kind.HEADER_JSON, "{}{}", 0, "something follows its last brace"),
        broken(Kind.HEADER_JSON, "{\0\"\0a\0\"\0", 0, "not valid JSON"),
        broken(Kind.HEADER_FIELD, "{\"a\":7}", 0, "tensor 'a': must be an object, found '7'"),
        broken(
            Kind.HEADER_FIELD,
            entry("\"dtype\":\"U8\",\"shape\":[0]"),
            0,
            "'data_offsets' is missing"),
        broken(
            Kind.HEADER_FIELD,
            entry("\"dtype\":\"U8\",\"data_offsets\":[0,1]"),
            1,
            "'shape' is missing"),
        broken(
            Kind.HEADER_FIELD,
            entry("\"shape\":[1],\"data_offsets\":[0,1]"),
            1,
            "'dtype' is missing"),
        broken(Kind.HEADER_FIELD, entry("\"dtype\":1"), 0, "'dtype' must be a string, found '1'"),
        broken(Kind.HEADER_FIELD, entry("\"shape\":1"), 0, "'shape' must be an array, found '1'"),
        broken(
            Kind.HEADER_FIELD, entry("\"shape\":[1],\"shape\":[1]"), 0, "'shape' is given twice"),
        broken(Kind.METADATA, "{\"__metadata__\":[]}", 0, "must be an object of strings"),
        broken(Kind.METADATA, "{\"__metadata__\":{\"k\":1}}", 0, "'k' is '1'"),
        broken(Kind.METADATA, "{\"__metadata__\":{\"k\":\"1\",\"k\":\"2\"}}", 0, "names 'k' twice"),
        broken(
            Kind.DUPLICATE_TENSOR,
            "{" + tensor("a", "U8", "[1]", 0, 1) + "," + tensor("a", "U8", "[1]", 1, 2) + "}",
            2,
            "tensor 'a': the header names it twice"),
        broken(Kind.UNKNOWN_DTYPE, one("I128", "[1]", 0, 16), 16, "unknown dtype 'I128'; known"),
        broken(Kind.SHAPE, one("U8", "[-1]", 0, 1), 1, "'shape' holds '-1'"),
        broken(Kind.SHAPE, one("U8", "[1.0]", 0, 1), 1, "'shape' holds '1.0'"),
        broken(Kind.SHAPE, one("U8", "[\"1\"]", 0, 1), 1, "'shape' holds '1'"),
        broken(Kind.SHAPE, one("U8", "[9223372036854775808]", 0, 1), 1, "'9223372036854775808'"),
        broken(Kind.SHAPE, one("U8", "[" + "1,".repeat(64) + "1]", 0, 1), 1, "more than 64"),
        broken(
            Kind.SHAPE_OVERFLOW,
            one("F32", "[4294967296,4294967296]", 0, 0),
            0,
            "[4294967296, 4294967296] of F32 has more than 9223372036854775807 bits"),
        broken(Kind.SHAPE_OVERFLOW, one("U8", "[2305843009213693952]", 0, 0), 0, "bits"),
        broken(Kind.PARTIAL_BYTE, one("F4", "[3]", 0, 2), 2, "12 bits of F4 in shape [3]"),
        broken(Kind.OFFSETS, one("U8", "[1]", 1, 0), 1, "[1, 0]; it must be [begin, end]"),
        broken(Kind.OFFSETS, one("U8", "[1]", -1, 0), 1, "'data_offsets' holds '-1'"),
        broken(Kind.OFFSETS, entry("\"dtype\":\"U8\",\"shape\":[],\"data_offsets\":[0]"), 1, "[0]"),
        broken(Kind.OFFSETS, entry("\"data_offsets\":[0,1,2]"), 1, "more than 2 entries"),
        broken(
            Kind.SIZE_MISMATCH,
            one("F32", "[2,3]", 0, 12),
            12,
            "F32 [2, 3] takes 24 bytes, but its data_offsets [0, 12] span 12"),
        broken(Kind.HOLE, one("U8", "[1]", 1, 2), 2, "begins at 1, the data before it ends at 0"),
        broken(
            Kind.HOLE,
            "{" + tensor("a", "U8", "[1]", 0, 1) + "," + tensor("b", "U8", "[1]", 3, 4) + "}",
            4,
            "tensor 'b': data begins at 3, the data before it ends at 1: a hole"),
        broken(
            Kind.OVERLAP,
            "{" + tensor("a", "U8", "[4]", 0, 4) + "," + tensor("b", "U8", "[2]", 2, 4) + "}",
            4,
            "tensor 'b': data begins at 2, the data before it ends at 4: an overlap"),
        broken(
            Kind.OVERLAP,
            "{" + tensor("a", "U8", "[4]", 0, 4) + "," + tensor("b", "U8", "[4]", 0, 4) + "}",
            4,
            "an overlap"),
        broken(
            Kind.OVERLAP,
            "{" + tensor("a", "U8", "[4]", 0, 4) + "," + tensor("b", "U8", "[0]", 2, 2) + "}",
            4,
            "tensor 'b'"),
        broken(
            Kind.DATA_TRUNCATED,
            one("U8", "[1000000000000]", 0, 1_000_000_000_000L),
            5,
            "data ends at 1000000000000, but the file holds only 5 bytes of data"),
        broken(
            Kind.TRAILING_BYTES,
            one("U8", "[1]", 0, 1),
            4,
            "3 bytes after the last tensor, which ends at 1 of 4 bytes of data"));
  }

  @Test
  void aFileTooShortForALengthIsRefused() throws IOException {
    Path file = Files.write(folder.resolve("model.safetensors"), new byte[7]);

    assertThat(opening(file).kind()).isEqualTo(Kind.FILE_TOO_SHORT);
    assertThat(opening(file)).hasMessageContaining("7 bytes").hasMessageContaining("at least 8");
  }

  @ParameterizedTest
  @MethodSource("lengths")
  void aHeaderLengthIsCheckedBeforeAnythingIsRead(long length, Kind kind, String told)
      throws IOException {
    Path file =
        MadeFile.write(folder.resolve("model.safetensors"), length, new byte[] {'{'}, new byte[0]);

    assertThat(opening(file).kind()).isEqualTo(kind);
    assertThat(opening(file)).hasMessageContaining(told);
  }

  static Stream<Arguments> lengths() {
    return Stream.of(
        Arguments.of(-1L, Kind.HEADER_TOO_LARGE, "18446744073709551615"),
        Arguments.of(Long.MIN_VALUE, Kind.HEADER_TOO_LARGE, "9223372036854775808"),
        Arguments.of(100_000_001L, Kind.HEADER_TOO_LARGE, "limit of 100000000 bytes"),
        Arguments.of(100_000_000L, Kind.HEADER_TRUNCATED, "ends after 9 bytes"),
        Arguments.of(2L, Kind.HEADER_TRUNCATED, "header of 2 bytes"));
  }

  @Test
  void aHeaderThatIsNotUtf8IsRefusedWithThePlace() throws IOException {
    byte[] header = one("U8", "[1]", 0, 1).getBytes(StandardCharsets.UTF_8);
    header[2] = (byte) 0xff;
    Path file =
        MadeFile.write(folder.resolve("model.safetensors"), header.length, header, new byte[1]);

    assertThat(opening(file).kind()).isEqualTo(Kind.HEADER_ENCODING);
    assertThat(opening(file)).hasMessageContaining("byte 0xff at offset 2");
  }

  @Test
  void everyTruncationOfAGoodFileIsRefused() throws IOException {
    byte[] good = Files.readAllBytes(MadeFile.withTensors(folder.resolve("good"), "a", "b"));
    for (int length = 0; length < good.length; length++) {
      Path file = folder.resolve("cut-to-" + length);
      Files.write(file, Arrays.copyOf(good, length));

      assertThat(opening(file).kind())
          .as("cut to %d bytes", length)
          .isIn(Kind.FILE_TOO_SHORT, Kind.HEADER_TRUNCATED, Kind.DATA_TRUNCATED);
    }
  }

  @Test
  void aMessageShowsNoControlCharactersOfTheFile() throws IOException {
    Path file = MadeFile.write(folder.resolve("model.safetensors"), "{\"a\\u001b[2J\\n\":7}", 0);

    assertThat(opening(file).getMessage()).contains("'a?[2J?'").doesNotContain("\u001b", "\n");
  }

  @Test
  void anAbsentFileIsAnErrorOfItsOwn() {
    assertThat(opening(folder.resolve("none.safetensors")).kind()).isEqualTo(Kind.UNREADABLE);
  }

  private static CheckpointException opening(Path file) {
    return catchThrowableOfType(CheckpointException.class, () -> SafetensorsFile.open(file));
  }

  private static Arguments broken(Kind kind, String header, int dataBytes, String told) {
    return Arguments.of(kind, header, dataBytes, told);
  }

  private static String one(String dtype, String shape, long begin, long end) {
    return "{" + tensor("a", dtype, shape, begin, end) + "}";
  }

  private static String entry(String fields) {
    return "{\"a\":{" + fields + "}}";
  }
}
