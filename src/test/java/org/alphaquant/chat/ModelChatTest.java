package org.alphaquant.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ModelChatTest {

  private static final List<Map<String, String>> HELLO =
      List.of(Map.of("role", "user", "content", "hello"));

  @TempDir Path folder;

  @Test
  void theTemplateOfTheTokenizersSettingsKnowsTheSpecialTokens() throws IOException {
    write(
        "tokenizer_config.json",
        """
        {"bos_token": {"content": "<s>"}, "chat_template": "{{ bos_token }}{{ messages[0].content }}{{ eos_token }}"}""");
    write("special_tokens_map.json", "{\"eos_token\": \"</s>\"}");
    assertThat(rendered()).isEqualTo("<s>hello</s>");
  }

  @Test
  void aFileOfItsOwnGoesFirst() throws IOException {
    write("tokenizer_config.json", "{\"chat_template\": \"old\"}");
    write("chat_template.jinja", "new: {{ messages[0].role }}\n");
    assertThat(rendered()).isEqualTo("new: user");
  }

  @Test
  void ofSeveralTheDefaultIsTaken() throws IOException {
    write(
        "tokenizer_config.json",
        """
        {"chat_template": [{"name": "tool_use", "template": "a"}, {"name": "default", "template": "b"}]}""");
    assertThat(rendered()).isEqualTo("b");
  }

  @Test
  void theTextIsTheSameEveryDay() throws IOException {
    write("chat_template.jinja", "{{ strftime_now('%d %b %Y') }}");
    assertThat(rendered()).isEqualTo("26 Jul 2024");
  }

  @Test
  void aModelWithoutATemplateSaysSo() throws IOException {
    assertThat(ModelChat.of(folder)).isEmpty();
    write("tokenizer_config.json", "{}");
    assertThat(ModelChat.of(folder)).isEmpty();
  }

  @Test
  void aBrokenFileIsNamed() throws IOException {
    write("tokenizer_config.json", "{");
    assertThatThrownBy(this::rendered)
        .hasMessageContaining("tokenizer_config.json is not valid JSON");
  }

  @ParameterizedTest
  @ValueSource(strings = {"7", "{\"default\": \"a\"}", "[]", "[\"a\"]", "[{\"name\": \"rag\"}]"})
  void aTemplateOfAnotherTypeIsShown(String template) throws IOException {
    write("tokenizer_config.json", "{\"chat_template\": " + template.replace(" ", "") + "}");
    assertThatThrownBy(this::rendered)
        .hasMessageStartingWith("chat_template of tokenizer_config.json must be a text, or a list")
        .hasMessageEndingWith("it is " + template.replace(" ", ""));
  }

  @Test
  void filesAsOtherToolsWriteThemAreRead() throws IOException {
    write(
        "tokenizer_config.json",
        "\uFEFF{\"model_max_length\": Infinity, \"chat_template\": \"{{ messages[0].role }}\"}");
    assertThat(rendered()).isEqualTo("user");
  }

  private String rendered() {
    return ModelChat.of(folder).orElseThrow().render(HELLO, Map.of());
  }

  private void write(String name, String content) throws IOException {
    Files.writeString(folder.resolve(name), content);
  }
}
