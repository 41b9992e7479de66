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
import org.alphaquant.problem.MalformedJson;
import tools.jackson.core.JacksonException;
import tools.jackson.core.json.JsonReadFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * How one model writes conversations: the template of its folder and the special tokens that the
 * template names. The template is {@code chat_template.jinja}, else {@code chat_template} of {@code
 * chat_template.json} or {@code tokenizer_config.json}; of several the one named {@code default}.
 */
public final class ModelChat {

  private static final JsonMapper JSON =
      JsonMapper.builder().enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS).build();
  private static final List<String> SPECIAL_TOKENS =
      List.of(
          "bos_token",
          "eos_token",
          "unk_token",
          "sep_token",
          "pad_token",
          "cls_token",
          "mask_token");

  private static final int LONGEST_SHOWN = 100;

  // The text of a data set must not depend on the day that it is rendered on.
  private static final LocalDateTime NOW = LocalDateTime.of(2024, 7, 26, 0, 0);

  private final Source source;
  private final Map<String, Object> specialTokens;

  private ModelChat(Source source, Map<String, Object> specialTokens) {
    this.source = source;
    this.specialTokens = specialTokens;
  }

  /** The text of a template, or why there is none to be had; parsed when first needed. */
  private static final class Source {
    private final String text;
    private final String fault;
    private ChatTemplate parsed;

    private Source(String text, String fault) {
      this.text = text;
      this.fault = fault;
    }

    synchronized ChatTemplate template() {
      if (fault != null) {
        throw new TemplateException(fault);
      }
      if (parsed == null) {
        parsed = ChatTemplate.parse(text);
      }
      return parsed;
    }
  }

  /**
   * The chat template of a model's folder; empty where it has none. One that cannot be read fails
   * when a conversation is to be rendered: plain texts need none.
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
   * @throws TemplateException if the template or the file that it is in cannot be read, or it
   *     refuses the conversation or fails
   */
  public String render(List<?> messages, Map<String, ?> more) {
    Map<String, Object> context = new HashMap<>(specialTokens);
    context.put("add_generation_prompt", false);
    context.putAll(more);
    context.put("messages", messages);
    return source.template().render(context, NOW);
  }

  private static Optional<String> named(String file, JsonNode template) {
    if (template.isMissingNode() || template.isNull()) {
      return Optional.empty();
    }
    if (template.isString()) {
      return Optional.of(template.asString());
    }
    for (JsonNode one : template) {
      if (one.path("name").asString("").equals("default") && one.path("template").isString()) {
        return Optional.of(one.path("template").asString());
      }
    }
    throw new TemplateException(
        "chat_template of %s must be a text, or a list of {name, template} of which one is named 'default'; it is %s"
            .formatted(file, shortened(template.toString())));
  }

  private static String shortened(String value) {
    return value.length() <= LONGEST_SHOWN ? value : value.substring(0, LONGEST_SHOWN) + "…";
  }

  /** Opens files for reading. */
  @FunctionalInterface
  public interface FileOpener {
    FileChannel open(Path file) throws IOException;
  }

  /** Reads the files of one folder. */
  private record Reader(Path folder, FileOpener files) {

    Optional<ModelChat> chat() {
      try {
        JsonNode config = read("tokenizer_config.json");
        return source(config)
            .map(source -> new ModelChat(new Source(source, null), specialTokens(config)));
      } catch (TemplateException unreadable) {
        return Optional.of(new ModelChat(new Source(null, unreadable.getMessage()), Map.of()));
      }
    }

    private Optional<String> source(JsonNode config) {
      return text("chat_template.jinja")
          .or(() -> named("chat_template.json"))
          .or(() -> ModelChat.named("tokenizer_config.json", config.path("chat_template")));
    }

    private Optional<String> named(String file) {
      return ModelChat.named(file, read(file).path("chat_template"));
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
        return text(name).map(Reader::tree).orElseGet(JSON::createObjectNode);
      } catch (JacksonException malformed) {
        throw new TemplateException(
            name + " is not valid JSON: " + MalformedJson.reason(malformed));
      }
    }

    // Some editors start a file with a byte order mark.
    private static JsonNode tree(String text) {
      return JSON.readTree(text.startsWith("\uFEFF") ? text.substring(1) : text);
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
