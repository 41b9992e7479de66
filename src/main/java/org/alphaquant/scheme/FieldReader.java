package org.alphaquant.scheme;

import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.alphaquant.format.NumberFormat;
import org.alphaquant.format.TensorScheme;
import org.alphaquant.problem.Problem;
import tools.jackson.core.JsonPointer;
import tools.jackson.databind.JsonNode;

/** Reads the fields of one object of a configuration; problems go to {@code findings}. */
final class FieldReader {
  static final List<String> ACTIVATIONS = List.of("bf16", "fp8", "int8", "mxfp8", "mxfp4", "nvfp4");

  private final JsonNode object;
  private final JsonPointer place;
  private final Consumer<Problem> findings;

  FieldReader(JsonNode object, JsonPointer place, Consumer<Problem> findings) {
    this.object = object;
    this.place = place;
    this.findings = findings;
  }

  void refuseOthersThan(List<String> known) {
    for (String name : object.propertyNames()) {
      if (!known.contains(name)) {
        String detail = "unknown field " + JsonValue.quote(name) + meant(name, known);
        error("unknown-field", name, detail, known);
      }
    }
  }

  private static String meant(String name, List<String> known) {
    if (name.equals("skip")) {
      return "; it belongs to overrides, and a default that quantizes nothing is wq \"bf16\"";
    }
    return NearMisses.word(name, known).map("; did you mean \"%s\"?"::formatted).orElse("");
  }

  SchemeFields schemeFields(Boolean skip) {
    NumberFormat wq = format("wq", NumberFormat.jsonNames()).orElse(null);
    NumberFormat aq = format("aq", ACTIVATIONS).orElse(null);
    Integer groupSize = groupSize(wq).orElse(null);
    Boolean symmetric = flag("symmetric").orElse(null);
    if (wq != null && !wq.canBeAsymmetric() && Boolean.FALSE.equals(symmetric)) {
      String detail =
          "%s has no zero points, so symmetric cannot be false".formatted(wq.jsonName());
      error("asymmetric-format", "symmetric", detail, List.of("true"));
    }
    return new SchemeFields(wq, aq, groupSize, symmetric, skip);
  }

  Optional<String> text(String field) {
    return value(field)
        .filter(value -> value.isString() || wrongType(field, value, "a string"))
        .map(JsonNode::stringValue);
  }

  private Optional<NumberFormat> format(String field, List<String> allowed) {
    return text(field)
        .filter(name -> allowed.contains(name) || unknownFormat(field, name, allowed))
        .flatMap(NumberFormat::named);
  }

  private boolean unknownFormat(String field, String name, List<String> allowed) {
    String use = field.equals("wq") ? "weights" : "activations";
    String detail =
        "%s is not a format for %s%s".formatted(JsonValue.quote(name), use, meant(name, allowed));
    return error("unknown-format", field, detail, allowed);
  }

  Optional<Boolean> flag(String field) {
    return value(field)
        .filter(value -> value.isBoolean() || wrongType(field, value, "true or false"))
        .map(JsonNode::booleanValue);
  }

  private Optional<Integer> groupSize(NumberFormat wq) {
    String field = "group_size";
    return value(field)
        .filter(value -> value.isIntegralNumber() || wrongType(field, value, "a whole number"))
        .filter(value -> value.canConvertToInt() || badGroupSize(value))
        .map(JsonNode::intValue)
        .filter(size -> size > 0 || size == TensorScheme.PER_CHANNEL || badGroupSize(size))
        .filter(size -> wq == null || wq.acceptsGroupSize(size) || badBlocks(wq, size));
  }

  private boolean badGroupSize(Object size) {
    String detail =
        "group_size is %s but must be positive, or -1 for a whole row"
            .formatted(JsonValue.cut(size.toString()));
    return error("group-size", "group_size", detail, List.of());
  }

  private boolean badBlocks(NumberFormat wq, int size) {
    return error("group-size", "group_size", Blocks.mismatch(wq, size), Blocks.multiples(wq));
  }

  private Optional<JsonNode> value(String field) {
    return Optional.ofNullable(object.get(field));
  }

  private boolean wrongType(String field, JsonNode value, String wanted) {
    String detail = "%s is %s but must be %s".formatted(field, JsonValue.type(value), wanted);
    return error("wrong-type", field, detail, List.of());
  }

  /** Always returns false, so that a filter can end with it. */
  boolean error(String code, String field, String detail, List<String> allowed) {
    String pointer = place.appendProperty(field).toString();
    String value = JsonValue.shown(object.get(field));
    findings.accept(Problem.error(code, pointer, value, detail).allowing(allowed));
    return false;
  }
}
