package org.alphaquant.faults;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Changes files and JSON at random places, in the ways that programs and people do. */
final class Mutations {
  private static final JsonMapper JSON = JsonMapper.shared();
  private static final List<String> ODD =
      List.of(
          "null",
          "true",
          "0",
          "-1",
          "1",
          "7",
          "0.5",
          "-0.0",
          "1e308",
          "1e-320",
          "2147483647",
          "2147483648",
          "9223372036854775807",
          "9223372036854775808",
          "1e400",
          "1" + "0".repeat(400),
          "\"\"",
          "\"nan\"",
          "\"NaN\"",
          "\"\\u0000\"",
          "\"\\ud800\"",
          "\"../../etc\"",
          "[]",
          "{}",
          "[null]",
          "[[]]",
          "{\"\":0}",
          "\"(a+)+$\"");

  private final Random random;

  Mutations(Random random) {
    this.random = random;
  }

  /** A document with one to three of its values replaced, removed, repeated or renamed. */
  String json(String text) {
    JsonNode root = JSON.readTree(text);
    for (int i = random.nextInt(3); i >= 0; i--) {
      List<JsonNode> places = new ArrayList<>();
      collect(root, places);
      change(places.get(random.nextInt(places.size())));
    }
    String changed = root.toString();
    return random.nextInt(10) == 0
        ? new String(bytes(changed.getBytes(StandardCharsets.UTF_8)), StandardCharsets.UTF_8)
        : changed;
  }

  private static void collect(JsonNode node, List<JsonNode> places) {
    if (node.isContainer() && !node.isEmpty()) {
      places.add(node);
      node.forEach(child -> collect(child, places));
    }
  }

  private void change(JsonNode place) {
    JsonNode odd = odd();
    if (place instanceof ObjectNode object && !object.isEmpty()) {
      List<String> names = List.copyOf(object.propertyNames());
      String name = names.get(random.nextInt(names.size()));
      switch (random.nextInt(6)) {
        case 0 -> object.remove(name);
        case 1 -> object.set(name + "x", object.remove(name));
        case 2 -> object.set("extra", odd);
        default -> object.set(name, odd);
      }
    } else if (place instanceof ArrayNode array && !array.isEmpty()) {
      int index = random.nextInt(array.size());
      switch (random.nextInt(4)) {
        case 0 -> array.remove(index);
        case 1 -> array.add(array.get(index).deepCopy());
        default -> array.set(index, odd);
      }
    }
  }

  private JsonNode odd() {
    return switch (random.nextInt(12)) {
      case 0 -> JSON.getNodeFactory().stringNode("x".repeat(1 + random.nextInt(20_000)));
      case 1 -> JSON.readTree("[".repeat(150) + "]".repeat(150));
      case 2 -> JSON.getNodeFactory().numberNode(random.nextLong());
      default -> JSON.readTree(ODD.get(random.nextInt(ODD.size())));
    };
  }

  /** Bytes with some changed, cut out, put in, repeated, or all after a place cut off. */
  byte[] bytes(byte[] original) {
    byte[] bytes = original.clone();
    int at = random.nextInt(bytes.length);
    int count = 1 + random.nextInt(Math.min(16, bytes.length - at));
    switch (random.nextInt(5)) {
      case 0 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
      case 1 -> Arrays.fill(bytes, at, at + count, (byte) random.nextInt(256));
      case 2 -> bytes = Arrays.copyOf(bytes, at);
      case 3 -> bytes = join(Arrays.copyOf(bytes, at), rest(bytes, at + count));
      default -> bytes = join(Arrays.copyOf(bytes, at + count), rest(bytes, at));
    }
    return bytes;
  }

  /** A safetensors file whose header is changed, as bytes or as JSON with its length put right. */
  byte[] safetensors(byte[] file) {
    int length = (int) ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).getLong();
    byte[] data = rest(file, 8 + length);
    switch (random.nextInt(4)) {
      case 0:
        return bytes(file);
      case 1:
        return join(bytes(Arrays.copyOf(file, 8 + length)), data);
      default:
        String header = new String(file, 8, length, StandardCharsets.UTF_8);
        byte[] changed = json(header).getBytes(StandardCharsets.UTF_8);
        ByteBuffer prefix = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
        prefix.putLong(changed.length);
        return join(join(prefix.array(), changed), data);
    }
  }

  private static byte[] rest(byte[] bytes, int from) {
    return Arrays.copyOfRange(bytes, Math.min(from, bytes.length), bytes.length);
  }

  private static byte[] join(byte[] first, byte[] second) {
    byte[] all = Arrays.copyOf(first, first.length + second.length);
    System.arraycopy(second, 0, all, first.length, second.length);
    return all;
  }
}
