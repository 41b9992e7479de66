package org.alphaquant.faults;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import tools.jackson.databind.JsonNode;

/**
 * What a client saw of one job, and what it downloaded: in an hour too much to keep.
 *
 * @param bytes length of the model's file
 * @param sha256 of that file
 */
record ChaosStory(String id, List<JsonNode> events, long bytes, String sha256) {
  String end() {
    return events.get(events.size() - 1).at("/data/state").asString();
  }

  static String sha256(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
