package org.alphaquant.calibration;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.schema.GroupType;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Type;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Rows of Parquet as JSON. Lists are groups within groups there (Parquet's LogicalTypes.md). */
final class ParquetValues {

  private static final JsonMapper JSON = JsonMapper.shared();
  private static final int MAX_DEPTH = 32;

  private ParquetValues() {}

  static ObjectNode object(Group row) {
    return object(row, 0);
  }

  private static ObjectNode object(Group group, int depth) {
    if (depth > MAX_DEPTH) {
      throw new IllegalArgumentException("nested deeper than " + MAX_DEPTH + " levels");
    }
    ObjectNode object = JSON.createObjectNode();
    GroupType type = group.getType();
    for (int field = 0; field < type.getFieldCount(); field++) {
      Type fieldType = type.getType(field);
      if (fieldType.isRepetition(Type.Repetition.REPEATED)) {
        ArrayNode all = object.putArray(fieldType.getName());
        for (int i = 0; i < group.getFieldRepetitionCount(field); i++) {
          all.add(value(group, field, i, depth));
        }
      } else {
        boolean there = group.getFieldRepetitionCount(field) > 0;
        object.set(fieldType.getName(), there ? value(group, field, 0, depth) : missing(fieldType));
      }
    }
    return object;
  }

  /** A row without a text has an empty one; a column of texts is full of them. */
  private static JsonNode missing(Type type) {
    boolean text =
        type.isPrimitive()
            && type.asPrimitiveType().getPrimitiveTypeName() == PrimitiveTypeName.BINARY;
    return text ? JSON.getNodeFactory().stringNode("") : JSON.nullNode();
  }

  private static JsonNode value(Group group, int field, int index, int depth) {
    Type type = group.getType().getType(field);
    if (type.isPrimitive()) {
      return primitive(group, field, index, type.asPrimitiveType().getPrimitiveTypeName());
    }
    Group inner = group.getGroup(field, index);
    boolean list =
        type.getLogicalTypeAnnotation() instanceof LogicalTypeAnnotation.ListLogicalTypeAnnotation;
    return list ? list(inner, depth) : object(inner, depth + 1);
  }

  private static JsonNode list(Group list, int depth) {
    ArrayNode elements = JSON.createArrayNode();
    for (int i = 0; i < list.getFieldRepetitionCount(0); i++) {
      if (list.getType().getType(0).isPrimitive()) {
        elements.add(value(list, 0, i, depth));
        continue;
      }
      Group wrapper = list.getGroup(0, i);
      boolean wraps = wrapper.getType().getFieldCount() == 1;
      boolean there = wraps && wrapper.getFieldRepetitionCount(0) > 0;
      elements.add(
          !wraps
              ? object(wrapper, depth + 1)
              : there ? value(wrapper, 0, 0, depth + 1) : JSON.nullNode());
    }
    return elements;
  }

  private static JsonNode primitive(Group group, int field, int index, PrimitiveTypeName type) {
    return switch (type) {
      case INT32 -> JSON.getNodeFactory().numberNode(group.getInteger(field, index));
      case INT64 -> JSON.getNodeFactory().numberNode(group.getLong(field, index));
      case FLOAT -> JSON.getNodeFactory().numberNode(group.getFloat(field, index));
      case DOUBLE -> JSON.getNodeFactory().numberNode(group.getDouble(field, index));
      case BOOLEAN -> JSON.getNodeFactory().booleanNode(group.getBoolean(field, index));
      case BINARY -> textOrBytes(group.getBinary(field, index));
      case INT96, FIXED_LEN_BYTE_ARRAY -> JSON.nullNode();
    };
  }

  // A column of pictures is in nobody's way; one of texts in another encoding is none of texts.
  private static JsonNode textOrBytes(Binary value) {
    // Not copied: the length is the file's own word.
    ByteBuffer bytes = value.toByteBuffer();
    try {
      return JSON.getNodeFactory()
          .stringNode(StandardCharsets.UTF_8.newDecoder().decode(bytes.duplicate()).toString());
    } catch (CharacterCodingException noText) {
      return JSON.getNodeFactory().binaryNode(value.getBytes());
    }
  }
}
