package org.alphaquant.chat;

import java.io.IOException;
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
   * What the folder of a model says; empty where it has no template.
   *
   * @throws TemplateException if the template or the file that it is in cannot be read
   */
  public static Optional<ModelChat> of(Path folder) {
    JsonNode config = read(folder.resolve("tokenizer_config.json"));
    return source(folder, config)
        .map(source -> new ModelChat(ChatTemplate.parse(source), specialTokens(folder, config)));
  }

  /**
   * The text of a conversation with the special tokens in it, so that it is to be encoded without
   * further ones. {@code strftime_now} tells the same day always.
   *
   * @param messages the turns, each with {@code role} and {@code content}
   * @param more what else the template may name, {@code tools} say
   * @throws TemplateException if the template refuses the conversation or fails
   */
  public String render(List<?> messages, Map<String, ?> more) {
    Map<String, Object> context = new HashMap<>(specialTokens);
    context.put("add_generation_prompt", false);
    context.putAll(more);
    context.put("messages", messages);
    return template.render(context, NOW);
  }

  private static Optional<String> source(Path folder, JsonNode config) {
    Path file = folder.resolve("chat_template.jinja");
    if (Files.isRegularFile(file)) {
      return Optional.of(text(file));
    }
    return named(read(folder.resolve("chat_template.json")).path("chat_template"))
        .or(() -> named(config.path("chat_template")));
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

  private static Map<String, Object> specialTokens(Path folder, JsonNode config) {
    JsonNode map = read(folder.resolve("special_tokens_map.json"));
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

  private static JsonNode read(Path file) {
    try {
      return Files.isRegularFile(file) ? JSON.readTree(text(file)) : JSON.createObjectNode();
    } catch (JacksonException malformed) {
      throw new TemplateException(
          file.getFileName() + " is not valid JSON: " + malformed.getOriginalMessage());
    }
  }

  private static String text(Path file) {
    try {
      if (Files.size(file) > 16L * ChatTemplate.MAX_SOURCE) {
        throw new TemplateException(file.getFileName() + " is larger than 16 MiB");
      }
      return Files.readString(file);
    } catch (IOException unreadable) {
      throw new TemplateException(file.getFileName() + " cannot be read: " + unreadable);
    }
  }
}
