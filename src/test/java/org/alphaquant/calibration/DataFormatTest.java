package org.alphaquant.calibration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.github.luben.zstd.ZstdOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.zip.GZIPOutputStream;
import org.alphaquant.chat.ModelChat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DataFormatTest {

  private static final Path DATA = Path.of("src/test/resources/data");
  private static final String LINES =
      "{\"text\": \"one\"}\n\n{\"text\": \"two\"}\n{\"text\": \"one\"}\n";

  @TempDir Path folder;

  private Path write(String name, String content) throws IOException {
    Path file = folder.resolve(name);
    try (OutputStream out = packed(file)) {
      out.write(content.getBytes(StandardCharsets.UTF_8));
    }
    return file;
  }

  private static OutputStream packed(Path file) throws IOException {
    OutputStream out = Files.newOutputStream(file);
    String name = file.toString();
    return name.endsWith(".gz")
        ? new GZIPOutputStream(out)
        : name.endsWith(".zst") ? new ZstdOutputStream(out) : out;
  }

  private static List<String> texts(Path file, String field, Optional<ModelChat> chat) {
    List<String> texts = new ArrayList<>();
    try (Documents documents = Documents.of(TextSource.of(file, field), 0, new HashSet<>(), chat)) {
      for (Optional<Document> it = documents.next(); it.isPresent(); it = documents.next()) {
        texts.add(it.get().text());
      }
    }
    return texts;
  }

  private List<String> texts(Path file) {
    return texts(file, null, Optional.empty());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a.jsonl",
        "a.ndjson",
        "a.json",
        "a.jsonl.gz",
        "a.jsonl.zst",
        "a.json.gz",
        "a",
        "a.zst"
      })
  void linesOfJsonAreReadPackedOrNotAndEachTextOnce(String name) throws IOException {
    assertThat(texts(write(name, LINES))).containsExactly("one", "two");
  }

  @ParameterizedTest
  @ValueSource(strings = {"a.json", "a.json.gz", "a.zst", "a"})
  void anArrayOfObjectsIsReadOneByOne(String name) throws IOException {
    assertThat(texts(write(name, "[\n {\"text\": \"one\"}, {\"text\": \"two\"}]")))
        .containsExactly("one", "two");
  }

  @ParameterizedTest
  @ValueSource(strings = {"a.txt", "a.md", "a.txt.gz", "a.txt.zst", "unnamed"})
  void plainTextIsItsParagraphs(String name) throws IOException {
    assertThat(texts(write(name, "one\n\none\n"))).containsExactly("one\n\n", "one\n");
  }

  /** Written by pyarrow 25: snappy, zstd and gzip, nested lists, nulls. */
  @ParameterizedTest
  @ValueSource(strings = {"rows-snappy.parquet", "rows-zstd.parquet", "rows-gzip.parquet"})
  void parquetIsReadByItsColumns(String name) {
    assertThat(texts(DATA.resolve(name))).containsExactly("first", "zweiter 🌍");
    assertThat(texts(DATA.resolve(name), "other", Optional.empty())).containsExactly("x", "y", "z");
  }

  @Test
  void aParquetFilePackedInAnotherWayIsRefusedByName() {
    assertThatThrownBy(() -> texts(DATA.resolve("rows-brotli.parquet")))
        .isInstanceOf(CalibrationException.class)
        .hasMessage(
            "'rows-brotli.parquet' has a column 'text' packed with BROTLI; [UNCOMPRESSED, SNAPPY, GZIP, ZSTD, LZ4_RAW] can be read");
  }

  /** Python writes NaN, JSON can spell half a character, and some texts hold neither. */
  @Test
  void rowsThatOtherToolsWriteAreRead() throws IOException {
    String rows = "{\"text\": \"a\", \"loss\": NaN}\n{\"text\": \"b\", \"n\": -Infinity}\n";
    assertThat(texts(write("n.jsonl", rows))).containsExactly("a", "b");
    String array = "[" + rows.strip().replace("\n", ",") + "]";
    assertThat(texts(write("n.json", array))).containsExactly("a", "b");
  }

  @Test
  void aPackedFileThatIsNoneIsRefusedInPlainWords() throws IOException {
    Path file = folder.resolve("a.txt.gz");
    Files.write(file, new byte[] {0x1f, (byte) 0x8b, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1});
    assertThatThrownBy(() -> texts(file))
        .isInstanceOf(CalibrationException.class)
        .hasMessage(
            "'a.txt.gz' cannot be read: it is damaged, or cut off: Unsupported compression method");
  }

  @Test
  void aFieldMayLieWithinAnother() throws IOException {
    Path rows =
        write(
            "n.jsonl", "{\"a\": {\"b\": \"deep\"}}\n{\"a.b\": \"flat\", \"a\": {\"b\": \"no\"}}\n");
    assertThat(texts(rows, "a.b", Optional.empty())).containsExactly("deep", "flat");
    assertThatThrownBy(() -> texts(rows, "a.c", Optional.empty()))
        .hasMessageContaining("no field 'a.c'; the fields of 'a' are ['b']");
    assertThatThrownBy(() -> texts(rows, "c.b", Optional.empty()))
        .hasMessageContaining("no field 'c.b'; its fields are ['a']");
  }

  @Test
  void conversationsAreWrittenByTheModelsTemplate() throws IOException {
    Files.writeString(
        folder.resolve("chat_template.jinja"),
        "{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}");
    Optional<ModelChat> chat = ModelChat.of(folder);
    String expected = "<user>hi<assistant>yes";
    assertThat(texts(DATA.resolve("rows-zstd.parquet"), "messages", chat))
        .containsExactly(expected, "<system>s<user>q");
    String turns =
        "[{\"role\": \"user\", \"content\": \"hi\"}, {\"role\": \"assistant\", \"content\": \"yes\"}]";
    assertThat(texts(write("m.jsonl", "{\"messages\": " + turns + "}"), null, chat))
        .containsExactly(expected);
    assertThat(
            texts(
                write(
                    "c.jsonl",
                    "{\"conversations\": [{\"from\": \"human\", \"value\": \"hi\"}, {\"from\": \"gpt\", \"value\": \"yes\"}]}"),
                null,
                chat))
        .containsExactly(expected);
    assertThat(texts(write("q.jsonl", "{\"question\": \"hi\", \"answer\": \"yes\"}"), null, chat))
        .containsExactly(expected);
    assertThat(
            texts(
                write(
                    "i.jsonl",
                    "{\"instruction\": \"hi\", \"input\": \"there\", \"output\": \"yes\"}"),
                null,
                chat))
        .containsExactly("<user>hi\n\nthere<assistant>yes");
    assertThat(texts(write("p.jsonl", "{\"prompt\": \"hi\", \"completion\": \"yes\"}")))
        .containsExactly("hi\n\nyes");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{'text': 5} | field 'text' holds number instead of a text",
        "{'body': 'x'} | no field 'text'; its fields are ['body']",
        "{'messages': [{'role': 'user', 'content': 'x'}]} | needs the model's chat template, and the model has none",
        "{'messages': [{'content': 'x'}]} | a turn of a conversation has no 'role'",
        "{'messages': ['x']} | a conversation holds what is no object",
        "[1] | not a JSON object",
        "{'messages': 'x'} | field 'messages' holds string instead of a list of turns",
        "{'messages': [{'role': 7, 'content': 'x'}]} | the 'role' of a turn holds number instead of a text",
        "{'text' | not valid JSON (Unexpected end-of-input",
        "{ | expected close marker for Object); each line holds one whole object: '{'",
        "{'text': 'a'}{'text': 'b'} | not valid JSON (there is more after the value);"
      })
  void aRowThatCannotBeReadIsNamed(String row, String detail) throws IOException {
    Path file = write("a.jsonl", row.replace('\'', '"'));
    assertThatThrownBy(() -> texts(file))
        .isInstanceOf(CalibrationException.class)
        .hasMessageContaining("'a.jsonl', line 1")
        .hasMessageContaining(detail);
  }

  @Test
  void aTemplateThatRefusesTellsWhichRow() throws IOException {
    Files.writeString(folder.resolve("chat_template.jinja"), "{{ raise_exception('no roles') }}");
    Path file = write("a.jsonl", "{\"messages\": [{\"role\": \"user\", \"content\": \"x\"}]}");
    assertThatThrownBy(() -> texts(file, null, ModelChat.of(folder)))
        .hasMessage("'a.jsonl', line 1: the model's chat template fails: no roles");
  }

  /** Plain texts need no template, whatever it is. */
  @Test
  void aBrokenTemplateMattersToConversationsOnly() throws IOException {
    Files.writeString(folder.resolve("chat_template.jinja"), "{% for m in messages %}{{ m");
    Optional<ModelChat> chat = ModelChat.of(folder);
    assertThat(texts(write("p.jsonl", LINES), null, chat)).containsExactly("one", "two");
    Path file = write("a.jsonl", "{\"messages\": [{\"role\": \"user\", \"content\": \"x\"}]}");
    assertThatThrownBy(() -> texts(file, null, chat))
        .hasMessage(
            "'a.jsonl', line 1: the model's chat template fails: a tag is not closed by '}}'");
  }

  @Test
  void aDamagedParquetFileIsRefused() throws IOException {
    byte[] whole = Files.readAllBytes(DATA.resolve("rows-zstd.parquet"));
    Path cut = folder.resolve("cut.parquet");
    Files.write(cut, Arrays.copyOf(whole, whole.length / 2));
    assertThatThrownBy(() -> texts(cut)).hasMessageContaining("'cut.parquet'");
    for (int at = 4; at < whole.length - 4; at += 7) {
      byte[] changed = whole.clone();
      changed[at] ^= 0x5a;
      Path file = folder.resolve("changed.parquet");
      Files.write(file, changed);
      try {
        texts(file, "other", Optional.empty());
      } catch (CalibrationException refused) {
        assertThat(refused)
            .hasMessageContaining("'changed.parquet'")
            .hasMessageNotContainingAny("org.apache", "@");
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "pointer.jsonl, version https://git-lfs.github.com/spec/v1, a Git LFS pointer",
    "pointer.txt, version https://git-lfs.github.com/spec/v1, a Git LFS pointer",
    "texts.jsonl, 'PK\u0003\u0004', a zip archive",
    "texts.txt, BZh91AY, packed with bzip2",
    "texts.txt, '\u0004\"M\u0018', packed with LZ4",
    "page.txt, '  <html lang=en>', an HTML page",
    "page.jsonl, '<!DOCTYPE html>', an HTML page",
    "rows.parquet, '<?xml version=1.0?><Error>', an XML document",
    "rows.csv, 'id,text', a table",
    "rows.db, 'SQLite format 3\0', an SQLite database",
    "half.txt, 'h\0i\0', a binary file",
    "texts.tar.gz, TAR, a tar archive"
  })
  void aFileThatIsNoTextIsNamedForWhatItIs(String name, String content, String is)
      throws IOException {
    Path file = write(name, content.equals("TAR") ? "a".repeat(257) + "ustar" : content);
    assertThatThrownBy(() -> DataFormat.of(file))
        .isInstanceOf(CalibrationException.class)
        .hasMessageStartingWith("'" + name + "' is no text: this is " + is);
  }

  @Test
  void textInUtf16IsNamed() throws IOException {
    Path file = folder.resolve("texts.jsonl");
    Files.write(file, LINES.getBytes(StandardCharsets.UTF_16));
    assertThatThrownBy(() -> DataFormat.of(file))
        .hasMessage("'texts.jsonl' is no text: this is text in UTF-16; write it in UTF-8");
  }

  /** The names say JSON lines; the content is what counts. */
  @Test
  void parquetPackedLinesAndArraysAreReadWhateverTheirName() throws IOException {
    Path parquet = Files.copy(DATA.resolve("rows-snappy.parquet"), folder.resolve("a.jsonl"));
    assertThat(DataFormat.of(parquet)).isEqualTo(DataFormat.PARQUET);
    Path packed = write("b.jsonl.gz", LINES);
    Path renamed = Files.move(packed, folder.resolve("b.jsonl"));
    assertThat(texts(renamed)).containsExactly("one", "two");
  }

  @Test
  void aLineLongerThanTheLimitIsRefusedWithItsSize() throws IOException {
    Path file = Files.writeString(folder.resolve("rows.jsonl"), LINES + "a".repeat(10_000));
    try (RandomAccessFile bytes = new RandomAccessFile(file.toFile(), "rw")) {
      bytes.setLength(LINES.length() + 200_000_000L);
    }
    try (Rows rows = Documents.rows(file, DataFormat.of(file))) {
      for (int row = 0; row < 3; row++) {
        assertThat(rows.next()).isPresent();
      }
      assertThatThrownBy(rows::next)
          .isInstanceOf(CalibrationException.class)
          .hasMessageContaining(
              "'rows.jsonl', line 5: the row has 200,000,000 bytes, over the limit of 33,554,432");
    }
  }

  @Test
  void aRowOfAnArrayIsBoundedAsALineIs() throws IOException {
    String field = "\"x\": \"" + "a".repeat(1 << 20) + "\"";
    StringBuilder text = new StringBuilder("[{\"text\": \"a\"}, {").append(field);
    for (int i = 0; i < 40; i++) {
      text.append(", \"").append(i).append(field, 1, field.length());
    }
    Path file = Files.writeString(folder.resolve("rows.json"), text.append("}]"));
    try (Rows rows = Documents.rows(file, DataFormat.of(file))) {
      assertThat(rows.next()).isPresent();
      assertThatThrownBy(rows::next)
          .isInstanceOf(CalibrationException.class)
          .hasMessageContaining("'rows.json', element 2: the row has more than 33,554,432 bytes");
    }
  }
}
