package org.alphaquant.job;

import tools.jackson.core.JsonParser;
import tools.jackson.databind.DeserializationContext;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ValueDeserializer;

/**
 * Reads a value that is a number or a word. Reports an invalid value together with all other
 * problems of the document.
 */
abstract class SpecValue<T> extends ValueDeserializer<T> {

  private final Class<T> type;

  SpecValue(Class<T> type) {
    this.type = type;
  }

  /**
   * @throws SpecException if the value is not valid
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
