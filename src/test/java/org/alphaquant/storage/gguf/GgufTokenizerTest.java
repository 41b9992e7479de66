package org.alphaquant.storage.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.alphaquant.checkpoint.Links;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Tokenizers of strangers, which are read where requests of others are served. */
class GgufTokenizerTest {
  private static final JsonMapper JSON = JsonMapper.shared();
  private static final Path MODEL = Path.of("examples/models/olmoe-demo");
  private static final int ROWS = 4096;

  @TempDir Path folder;

  private ObjectNode tokenizer;

  @BeforeEach
  void read() throws IOException {
    tokenizer = (ObjectNode) JSON.readTree(Files.readString(MODEL.resolve("tokenizer.json")));
  }

  @Test
  void aPatternThatBacktracksWithoutEndIsRefused() {
    refused(
        it -> split(it, "(?:\u043f\u0440\u0438\u0432\u0435\u0442|.|\\s)*?(?:(?:[^#]+)+)+#X"),
        "read a text of a few hundred characters more than");
  }

  @Test
  void patternsThatAreNotKnownHereAreRefused() {
    refused(it -> split(it, "(?<r>a\\g<r>?)"), "a pattern that is not known here");
    refused(it -> split(it, "(".repeat(4000) + "a" + ")".repeat(4000)), "a pattern that");
    refused(it -> split(it, "a".repeat(20_000)), "a pattern of 20,000 characters");
    refused(it -> split(it, "Q".repeat(60).split("")), "61 patterns");
    refused(it -> split(it, "Q".repeat(30_000).split("")), "30,001 patterns");
  }

  @Test
  void idsThatAreNoneAreNamed() {
    refused(it -> vocabulary(it).put("zzqq", 3_000_000_000L), "'zzqq' the id 3000000000");
    refused(it -> vocabulary(it).put("zzqq", "1"), "'zzqq' the id \"1\"");
    refused(it -> vocabulary(it).put("zzqq", -1), "as -1, but the embedding has 4096 rows");
    refused(it -> it.putArray("added_tokens").addObject(), "token '' the id none");
  }

  @Test
  void mergesOfOneTokenAreRefused() {
    ((ObjectNode) tokenizer.path("model")).putArray("merges").addArray().add("a");
    refused(it -> {}, "a merge of 1 tokens");
  }

  @Test
  void filesOfManyBytesAreRefusedUnread() throws IOException {
    lengthen(folder.resolve("chat_template.jinja"));
    refused(it -> {}, "chat_template.jinja has 1,099,511,627,776 bytes");
    lengthen(folder.resolve("tokenizer_config.json"));
    refused(it -> {}, "tokenizer_config.json has 1,099,511,627,776 bytes, over the limit");
  }

  @Test
  void aLinkThatMayNotBeFollowedIsRefused() throws IOException {
    Path outside = Files.writeString(folder.resolve("outside.json"), tokenizer.toString());
    Path inside = Files.createDirectory(folder.resolve("model"));
    Files.createSymbolicLink(inside.resolve("tokenizer.json"), outside);
    Links none =
        file -> {
          if (Files.isSymbolicLink(file)) {
            throw new IOException("it leads outside");
          }
          return file;
        };
    assertThatThrownBy(() -> GgufTokenizer.metadata(inside, none, JSON.createObjectNode(), ROWS))
        .isInstanceOf(GgufException.class)
        .hasMessageContaining("tokenizer.json cannot be read: it leads outside");
    assertThat(GgufTokenizer.metadata(inside, Links.OWN, JSON.createObjectNode(), ROWS))
        .containsKey("tokenizer.ggml.tokens");
  }

  /** Laguna and others end a turn by a token that their tokenizer does not call special. */
  @Test
  void generationStopsAtTheEndOfATurnToo() throws IOException {
    ArrayNode added = (ArrayNode) tokenizer.path("added_tokens");
    int end = vocabulary(tokenizer).path("a").asInt();
    added.addObject().put("id", ROWS - 1).put("content", "</turn>").put("special", false);
    Files.writeString(folder.resolve("tokenizer.json"), tokenizer.toString());
    Files.writeString(
        folder.resolve("generation_config.json"),
        "{\"eos_token_id\": [%d, %d]}".formatted(end, ROWS - 1));
    ObjectNode config = JSON.createObjectNode().put("eos_token_id", end);
    Map<String, MetadataValue> keys = GgufTokenizer.metadata(folder, Links.OWN, config, ROWS);
    assertThat(keys)
        .containsEntry("tokenizer.ggml.eos_token_id", MetadataValue.u32(end))
        .containsEntry("tokenizer.ggml.eot_token_id", MetadataValue.u32(ROWS - 1));
    List<?> types = (List<?>) keys.get("tokenizer.ggml.token_type").value();
    assertThat(types.get(ROWS - 1)).isEqualTo(3L);
  }

  private static void lengthen(Path path) throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
      file.setLength(1L << 40);
    }
  }

  private static ObjectNode vocabulary(ObjectNode tokenizer) {
    return (ObjectNode) tokenizer.path("model").path("vocab");
  }

  private static void split(ObjectNode tokenizer, String... patterns) {
    ObjectNode sequence = JSON.createObjectNode().put("type", "Sequence");
    ArrayNode parts = sequence.putArray("pretokenizers");
    for (String pattern : patterns) {
      ObjectNode part = parts.addObject().put("type", "Split").put("behavior", "Isolated");
      part.putObject("pattern").put("Regex", pattern);
    }
    parts.add(tokenizer.path("pre_tokenizer"));
    tokenizer.set("pre_tokenizer", sequence);
  }

  private void refused(Consumer<ObjectNode> change, String message) {
    ObjectNode changed = tokenizer.deepCopy();
    change.accept(changed);
    ThrowingCallable reading =
        () -> {
          Files.writeString(folder.resolve("tokenizer.json"), changed.toString());
          GgufTokenizer.metadata(folder, Links.OWN, JSON.createObjectNode(), ROWS);
        };
    assertThatThrownBy(reading).isInstanceOf(GgufException.class).hasMessageContaining(message);
  }
}
