package org.alphaquant.api.json;

import org.springframework.boot.http.converter.autoconfigure.ServerHttpMessageConvertersCustomizer;
import org.springframework.http.converter.HttpMessageConverters.ServerBuilder;
import org.springframework.http.converter.json.JacksonJsonHttpMessageConverter;
import org.springframework.stereotype.Component;
import tools.jackson.core.JsonGenerator;
import tools.jackson.databind.json.JsonMapper;

/** Ends JSON answers with a newline, so that a shell's prompt starts a line of its own. */
@Component
class JsonAnswers implements ServerHttpMessageConvertersCustomizer {

  private final JsonMapper mapper;

  JsonAnswers(JsonMapper mapper) {
    this.mapper = mapper;
  }

  @Override
  public void customize(ServerBuilder converters) {
    converters.withJsonConverter(
        new JacksonJsonHttpMessageConverter(mapper) {
          @Override
          protected void writeSuffix(JsonGenerator generator, Object answer) {
            generator.writeRaw('\n');
          }
        });
  }
}
