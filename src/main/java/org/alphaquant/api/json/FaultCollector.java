package org.alphaquant.api.json;

import java.util.ArrayList;
import java.util.List;
import org.alphaquant.job.SpecException;
import org.alphaquant.problem.Problem;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.TokenStreamContext;
import tools.jackson.databind.DatabindException;
import tools.jackson.databind.DeserializationContext;
import tools.jackson.databind.JavaType;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ValueDeserializer;
import tools.jackson.databind.deser.DeserializationProblemHandler;
import tools.jackson.databind.exc.MismatchedInputException;

/** Collects faults while a record is read, and lets the reading continue. One per request. */
final class FaultCollector extends DeserializationProblemHandler {

  private static final int MOST_FAULTS = 50;

  private final List<Problem> faults = new ArrayList<>();

  List<Problem> faults() {
    return faults;
  }

  @Override
  public boolean handleUnknownProperty(
      DeserializationContext context,
      JsonParser parser,
      ValueDeserializer<?> deserializer,
      Object beanOrClass,
      String name) {
    List<String> known =
        deserializer == null
            ? List.of()
            : deserializer.getKnownPropertyNames().stream().map(String::valueOf).toList();
    String pointer = pointer(context.getParser(), name);
    add(Problem.error("unknown-field", pointer, null, "is not a known field").allowing(known));
    parser.skipChildren();
    return true;
  }

  @Override
  public Object handleWeirdStringValue(
      DeserializationContext context, Class<?> type, String value, String message) {
    add(mismatch(pointer(context.getParser()), value, type));
    return null;
  }

  @Override
  public Object handleWeirdNumberValue(
      DeserializationContext context, Class<?> type, Number value, String message) {
    add(mismatch(pointer(context.getParser()), value, type));
    return null;
  }

  @Override
  public Object handleUnexpectedToken(
      DeserializationContext context,
      JavaType type,
      JsonToken token,
      JsonParser parser,
      String message) {
    Object value = token.isScalarValue() ? parser.getString() : JsonTypes.name(token);
    add(mismatch(pointer(parser), value, type.getRawClass()));
    parser.skipChildren();
    return null;
  }

  @Override
  public Object handleInstantiationProblem(
      DeserializationContext context, Class<?> type, Object argument, Throwable cause) {
    // Jackson has wrapped what the constructor threw.
    Throwable thrown = cause instanceof DatabindException ? cause.getCause() : cause;
    if (thrown instanceof SpecException refused) {
      add(fault(pointer(context.getParser()), refused));
      return null;
    }
    return NOT_HANDLED;
  }

  /** Faults without a handler in Jackson end the reading. */
  void add(DatabindException e, JsonNode value) {
    Class<?> type =
        e instanceof MismatchedInputException mismatch ? mismatch.getTargetType() : null;
    String pointer = JsonPointers.of(e.getPath());
    add(
        type == null
            ? Problem.error("unreadable", pointer, value, "cannot be read")
            : mismatch(pointer, value, type));
  }

  /**
   * A field that could not be read is also missing in its record: only the first fault is reported.
   */
  private void add(Problem fault) {
    boolean known = faults.stream().anyMatch(other -> other.pointer().equals(fault.pointer()));
    if (!known && faults.size() < MOST_FAULTS) {
      faults.add(fault);
    }
  }

  private static Problem fault(String record, SpecException refused) {
    String must = refused.value() == null ? "is missing; it must be " : "must be ";
    // The parser of a value that is no object already stands at the field.
    String field = "/" + refused.field();
    return Problem.error(
        refused.value() == null ? "missing" : "out-of-range",
        record.endsWith(field) ? record : record + field,
        refused.value(),
        must + refused.limit());
  }

  private static Problem mismatch(String pointer, Object value, Class<?> type) {
    List<String> values = JsonTypes.values(type);
    return Problem.error("wrong-type", pointer, value, "must be " + JsonTypes.name(type))
        .allowing(values == null ? List.of() : values);
  }

  private static String pointer(JsonParser parser) {
    return parser.streamReadContext().pathAsPointer().toString();
  }

  /**
   * Of a field of the record that is being read. Jackson keeps unknown fields in a buffer until the
   * record is made, and the buffer does not know where it stands; the parser does.
   */
  private static String pointer(JsonParser parser, String field) {
    TokenStreamContext context = parser.streamReadContext();
    JsonToken token = parser.currentToken();
    TokenStreamContext record = token.isStructStart() ? context.getParent() : context;
    TokenStreamContext holder = token.isStructEnd() ? record : record.getParent();
    return holder.pathAsPointer() + "/" + JsonPointers.escape(field);
  }
}
