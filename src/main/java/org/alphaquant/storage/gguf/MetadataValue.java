package org.alphaquant.storage.gguf;

import java.util.List;

/**
 * The value of a metadata key.
 *
 * @param type its number in the file
 * @param value a Long for whole numbers, a Double for the others, a Boolean, a String, or for
 *     arrays a List of these
 * @param elements element type of an array; null otherwise
 */
record MetadataValue(Type type, Object value, Type elements) {

  /** In the order of their numbers in the file. */
  enum Type {
    U8,
    I8,
    U16,
    I16,
    U32,
    I32,
    F32,
    BOOL,
    STRING,
    ARRAY,
    U64,
    I64,
    F64
  }

  static MetadataValue u16(long value) {
    return new MetadataValue(Type.U16, value, null);
  }

  static MetadataValue u32(long value) {
    if (value < 0 || value > 0xffffffffL) {
      throw new IllegalArgumentException(value + " does not fit 32 bits");
    }
    return new MetadataValue(Type.U32, value, null);
  }

  static MetadataValue i32(long value) {
    return new MetadataValue(Type.I32, value, null);
  }

  static MetadataValue f32(double value) {
    return new MetadataValue(Type.F32, value, null);
  }

  static MetadataValue bool(boolean value) {
    return new MetadataValue(Type.BOOL, value, null);
  }

  static MetadataValue string(String value) {
    return new MetadataValue(Type.STRING, value, null);
  }

  static MetadataValue strings(List<String> values) {
    return new MetadataValue(Type.ARRAY, List.copyOf(values), Type.STRING);
  }

  static MetadataValue i32s(List<Long> values) {
    return new MetadataValue(Type.ARRAY, List.copyOf(values), Type.I32);
  }

  static MetadataValue u32s(List<Long> values) {
    return new MetadataValue(Type.ARRAY, List.copyOf(values), Type.U32);
  }

  static MetadataValue bools(List<Boolean> values) {
    return new MetadataValue(Type.ARRAY, List.copyOf(values), Type.BOOL);
  }

  static MetadataValue f32s(List<Double> values) {
    return new MetadataValue(Type.ARRAY, List.copyOf(values), Type.F32);
  }
}
