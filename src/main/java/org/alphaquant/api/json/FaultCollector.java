package org.alphaquant.api.json;

import java.util.ArrayList;
import java.util.List;
import org.alphaquant.api.problem.Fault;
import org.alphaquant.job.SpecException;
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

/** Notes what does not fit while a record is read and lets the reading go on. One per request. */
final class FaultCollector extends DeserializationProblemHandler {

  private static final int MOST_FAULTS = 50;

  private final List<Fault> faults = new ArrayList<>();

  List<Fault> faults() {
    return faults;
  }

  @Override
  public boolean handleUnknownProperty(
      DeserializationContext context,
      JsonParser parser,
      ValueDeserializer<?> deserializer,
      Object beanOrClass,
      String name) {
    List<Object> known =
        deserializer == null ? List.of() : List.copyOf(deserializer.getKnownPropertyNames());
    add(new Fault(pointer(context.getParser(), name), "is not a known field", null, known));
    parser.skipChildren();
    return true;
  }

  @Override
  public Object handleWeirdStringValue(
      DeserializationContext context, Class<?> type, String value, String message) {
    add(new Fault(pointer(context.getParser()), mismatch(type), value, JsonTypes.values(type)));
    return null;
  }

  @Override
  public Object handleWeirdNumberValue(
      DeserializationContext context, Class<?> type, Number value, String message) {
    add(new Fault(pointer(context.getParser()), mismatch(type), value, JsonTypes.values(type)));
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
    add(
        new Fault(
            pointer(parser),
            mismatch(type.getRawClass()),
            value,
            JsonTypes.values(type.getRawClass())));
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

  /** What Jackson gives no handler for: reading ended there. */
  void add(DatabindException e, JsonNode value) {
    Class<?> type =
        e instanceof MismatchedInputException mismatch ? mismatch.getTargetType() : null;
    String detail = type == null ? "cannot be read" : mismatch(type);
    List<String> allowed = type == null ? null : JsonTypes.values(type);
    add(new Fault(JsonPointers.of(e.getPath()), detail, value, allowed));
  }

  /** A field that could not be read is missing to its record; only the first of the two is news. */
  private void add(Fault fault) {
    boolean known = faults.stream().anyMatch(other -> other.pointer().equals(fault.pointer()));
    if (!known && faults.size() < MOST_FAULTS) {
      faults.add(fault);
    }
  }

  private static Fault fault(String record, SpecException refused) {
    String must = refused.value() == null ? "is missing; it must be " : "must be ";
    return new Fault(record + "/" + refused.field(), must + refused.limit(), refused.value(), null);
  }

  private static String mismatch(Class<?> type) {
    return "must be " + JsonTypes.name(type);
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
