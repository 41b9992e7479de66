package org.alphaquant.chat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * How one model writes conversations: the template of its folder and the special tokens that the
 * template names. The template is {@code chat_template.jinja}, else {@code chat_template} of {@code
 * chat_template.json} or {@code tokenizer_config.json}; of several the one named {@code default}.
 */
public final class ModelChat {

  private static final JsonMapper JSON = JsonMapper.shared();
  private static final List<String> SPECIAL_TOKENS =
      List.of(
          "bos_token",
          "eos_token",
          "unk_token",
          "sep_token",
          "pad_token",
          "cls_token",
          "mask_token");

  // The text of a data set must not depend on the day that it is rendered on.
  private static final LocalDateTime NOW = LocalDateTime.of(2024, 7, 26, 0, 0);

  private final ChatTemplate template;
  private final Map<String, Object> specialTokens;

  private ModelChat(ChatTemplate template, Map<String, Object> specialTokens) {
    this.template = template;
    this.specialTokens = specialTokens;
  }

  /**
   * The chat template of a model's folder; empty where it has none.
   *
   * @throws TemplateException if the template or the file that it is in cannot be read
   */
  public static Optional<ModelChat> of(Path folder) {
    return of(folder, FileChannel::open);
  }

  /**
   * The same for an untrusted folder.
   *
   * @param files opens a file of the folder, and refuses links that may not be followed
   */
  public static Optional<ModelChat> of(Path folder, FileOpener files) {
    return new Reader(folder, files).chat();
  }

  /**
   * The text of a conversation with the special tokens in it, so that it is to be encoded without
   * further ones. {@code strftime_now} always returns the same day.
   *
   * @param messages the turns, each with {@code role} and {@code content}
   * @param more further variables of the template, such as {@code tools}
   * @throws TemplateException if the template refuses the conversation or fails
   */
  public String render(List<?> messages, Map<String, ?> more) {
    Map<String, Object> context = new HashMap<>(specialTokens);
    context.put("add_generation_prompt", false);
    context.putAll(more);
    context.put("messages", messages);
    return template.render(context, NOW);
  }

  private static Optional<String> named(JsonNode template) {
    if (template.isString()) {
      return Optional.of(template.asString());
    }
    for (JsonNode one : template) {
      if (one.path("name").asString("").equals("default") && one.path("template").isString()) {
        return Optional.of(one.path("template").asString());
      }
    }
    return Optional.empty();
  }

  /** Opens files for reading. */
  @FunctionalInterface
  public interface FileOpener {
    FileChannel open(Path file) throws IOException;
  }

  /** Reads the files of one folder. */
  private record Reader(Path folder, FileOpener files) {

    Optional<ModelChat> chat() {
      JsonNode config = read("tokenizer_config.json");
      return source(config)
          .map(source -> new ModelChat(ChatTemplate.parse(source), specialTokens(config)));
    }

    private Optional<String> source(JsonNode config) {
      return text("chat_template.jinja")
          .or(() -> named(read("chat_template.json").path("chat_template")))
          .or(() -> named(config.path("chat_template")));
    }

    private Map<String, Object> specialTokens(JsonNode config) {
      JsonNode map = read("special_tokens_map.json");
      Map<String, Object> tokens = new HashMap<>();
      for (String name : SPECIAL_TOKENS) {
        JsonNode token = config.hasNonNull(name) ? config.path(name) : map.path(name);
        String text = token.isObject() ? token.path("content").asString("") : token.asString("");
        if (!text.isEmpty()) {
          tokens.put(name, text);
        }
      }
      return tokens;
    }

    private JsonNode read(String name) {
      try {
        return text(name).map(JSON::readTree).orElseGet(JSON::createObjectNode);
      } catch (JacksonException malformed) {
        throw new TemplateException(name + " is not valid JSON: " + malformed.getOriginalMessage());
      }
    }

    private Optional<String> text(String name) {
      Path file = folder.resolve(name);
      if (!Files.isRegularFile(file)) {
        return Optional.empty();
      }
      try (FileChannel channel = files.open(file)) {
        if (channel.size() > 16L * ChatTemplate.MAX_SOURCE) {
          throw new TemplateException(name + " is larger than 16 MiB");
        }
        byte[] bytes = Channels.newInputStream(channel).readAllBytes();
        return Optional.of(
            StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString());
      } catch (IOException unreadable) {
        throw new TemplateException(name + " cannot be read: " + unreadable);
      }
    }
  }
}
