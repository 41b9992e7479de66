package org.alphaquant.api.json;

import java.io.IOException;
import java.io.InputStream;
import java.time.Instant;
import java.util.List;
import org.alphaquant.api.problem.ProblemException;
import org.alphaquant.api.problem.ProblemType;
import org.alphaquant.job.JobSpec;
import org.alphaquant.problem.MalformedJson;
import org.alphaquant.problem.Problem;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.TokenStreamLocation;
import tools.jackson.core.exc.InputCoercionException;
import tools.jackson.databind.DatabindException;
import tools.jackson.databind.DeserializationContext;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.MapperFeature;
import tools.jackson.databind.ValueDeserializer;
import tools.jackson.databind.cfg.CoercionAction;
import tools.jackson.databind.cfg.CoercionInputShape;
import tools.jackson.databind.cfg.EnumFeature;
import tools.jackson.databind.cfg.MutableCoercionConfig;
import tools.jackson.databind.ext.javatime.deser.InstantDeserializer;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.module.SimpleModule;
import tools.jackson.databind.type.LogicalType;

/**
 * Reads a record from JSON. Unknown fields, wrong types and values that the record refuses are
 * collected and reported together; none is guessed at or dropped.
 */
final class StrictJson {

  private final JsonMapper mapper =
      JsonMapper.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .enable(EnumFeature.FAIL_ON_NUMBERS_FOR_ENUMS)
          .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
          .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
          .addModule(new SimpleModule().addDeserializer(Instant.class, new TimeText()))
          .withCoercionConfig(LogicalType.Textual, StrictJson::refuseScalars)
          .build();

  /**
   * @throws ProblemException if the bytes are not JSON, or not this record's JSON
   * @throws IOException if the body cannot be read
   */
  <T> T read(InputStream body, Class<T> type) throws IOException {
    FaultCollector collector = new FaultCollector();
    byte[] whole = body.readAllBytes();
    byte[] bytes = type == JobSpec.class ? PresetInBody.writtenOut(mapper, whole) : whole;
    T value = readCollecting(bytes, type, collector);
    refuse(type, collector.faults());
    refuse(type, StorableText.faults(mapper, bytes));
    if (value == null) {
      throw new ProblemException(ProblemType.MALFORMED_JSON, "The body must be a JSON object.");
    }
    return value;
  }

  private static void refuse(Class<?> type, List<Problem> faults) {
    if (!faults.isEmpty()) {
      ProblemType problem =
          type == JobSpec.class ? ProblemType.INVALID_JOB : ProblemType.INVALID_BODY;
      throw new ProblemException(problem, faults);
    }
  }

  private <T> T readCollecting(byte[] body, Class<T> type, FaultCollector collector) {
    try {
      return mapper.readerFor(type).withHandler(collector).readValue(body);
    } catch (DatabindException e) {
      if (isEmpty(e)) {
        throw new ProblemException(ProblemType.MALFORMED_JSON, "The body is empty.");
      }
      collector.add(e, valueAt(JsonPointers.of(e.getPath()), body));
      return null;
    } catch (InputCoercionException e) {
      // A number too large for its type: the exception has no path, but the parser knows its place.
      String pointer = e.processor().streamReadContext().pathAsPointer().toString();
      Class<?> number = e.getTargetType();
      Problem fault =
          Problem.error(
              "out-of-range", pointer, valueAt(pointer, body), "must be " + JsonTypes.name(number));
      throw new ProblemException(ProblemType.INVALID_NUMBER, List.of(fault));
    } catch (JacksonException e) {
      throw new ProblemException(ProblemType.MALFORMED_JSON, position(e) + sentence(e));
    }
  }

  /** Null where there is no value, or where the rest of the document cannot be read. */
  private JsonNode valueAt(String pointer, byte[] body) {
    try {
      return mapper.readTree(body).at(pointer);
    } catch (JacksonException e) {
      return null;
    }
  }

  private static void refuseScalars(MutableCoercionConfig coercions) {
    coercions
        .setCoercion(CoercionInputShape.Integer, CoercionAction.Fail)
        .setCoercion(CoercionInputShape.Float, CoercionAction.Fail)
        .setCoercion(CoercionInputShape.Boolean, CoercionAction.Fail);
  }

  /** Reads a time as text only; Jackson would take a number as well. */
  private static final class TimeText extends ValueDeserializer<Instant> {

    @Override
    public Instant deserialize(JsonParser parser, DeserializationContext context) {
      return parser.hasToken(JsonToken.VALUE_STRING)
          ? InstantDeserializer.INSTANT.deserialize(parser, context)
          : (Instant) context.handleUnexpectedToken(Instant.class, parser);
    }
  }

  /** Jackson has no type of its own for a document without any token. */
  private static boolean isEmpty(DatabindException e) {
    TokenStreamLocation location = e.getLocation();
    return e.getPath().isEmpty()
        && e.getOriginalMessage().startsWith("No content to map")
        && location != null;
  }

  private static String position(JacksonException e) {
    TokenStreamLocation location = e.getLocation();
    return location == null
        ? ""
        : "Line %d, column %d: ".formatted(location.getLineNr(), location.getColumnNr());
  }

  private static String sentence(JacksonException e) {
    String message = MalformedJson.reason(e);
    return message.endsWith(".") ? message : message + ".";
  }
}
