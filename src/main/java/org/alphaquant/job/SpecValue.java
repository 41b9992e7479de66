package org.alphaquant.job;

import tools.jackson.core.JsonParser;
import tools.jackson.databind.DeserializationContext;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ValueDeserializer;

/**
 * Reads a value that is a number or a word, and lets a value that is neither be told like any other
 * outside its limits, beside all that is wrong in the same document.
 */
abstract class SpecValue<T> extends ValueDeserializer<T> {

  private final Class<T> type;

  SpecValue(Class<T> type) {
    this.type = type;
  }

  /**
   * @throws SpecException if there is no such value
   */
  abstract T of(JsonNode value);

  @Override
  public T deserialize(JsonParser parser, DeserializationContext context) {
    JsonNode value = context.readTree(parser);
    try {
      return of(value);
    } catch (SpecException refused) {
      return type.cast(context.handleInstantiationProblem(type, value, refused));
    }
  }
}
