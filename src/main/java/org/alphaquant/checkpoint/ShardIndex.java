package org.alphaquant.checkpoint;

import static org.alphaquant.checkpoint.CheckpointException.quote;

import java.nio.ByteBuffer;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;
import org.alphaquant.checkpoint.CheckpointException.Kind;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;

/**
 * The {@code model.safetensors.index.json} of a sharded checkpoint: which file of the same folder
 * holds which tensor.
 *
 * @param shards tensor name to file name
 */
record ShardIndex(Path file, Map<String, String> shards) {

  static final String NAME = "model.safetensors.index.json";
  private static final String WEIGHT_MAP = "weight_map";

  SortedSet<String> fileNames() {
    return new TreeSet<>(shards.values());
  }

  static ShardIndex read(Path file, Links links) {
    try {
      return parsed(file, links);
    } catch (CheckpointException malformed) {
      throw malformed.orOtherContent(file, "a JSON object");
    }
  }

  private static ShardIndex parsed(Path file, Links links) {
    ByteBuffer bytes = JsonText.map(file, links, Kind.INDEX_MALFORMED);
    JsonText.requireUtf8(file, bytes, Kind.INDEX_MALFORMED);
    JsonText.skipByteOrderMark(bytes);
    try (JsonParser json = JsonText.parser(bytes)) {
      return new ShardIndex(file, weightMap(file, json));
    } catch (JacksonException malformed) {
      throw malformed(file, "not valid JSON: " + JsonText.reason(malformed));
    }
  }

  private static Map<String, String> weightMap(Path file, JsonParser json) {
    if (json.nextToken() != JsonToken.START_OBJECT) {
      throw malformed(file, "must hold a JSON object");
    }
    Map<String, String> shards = null;
    while (json.nextToken() != JsonToken.END_OBJECT) {
      String key = json.currentName();
      json.nextToken();
      if (!key.equals(WEIGHT_MAP)) {
        json.skipChildren();
      } else if (shards == null) {
        shards = entries(file, json);
      } else {
        throw malformed(file, "gives 'weight_map' twice");
      }
    }
    if (shards == null || shards.isEmpty()) {
      throw malformed(file, shards == null ? "'weight_map' is missing" : "'weight_map' is empty");
    }
    return shards;
  }

  private static Map<String, String> entries(Path file, JsonParser json) {
    if (json.currentToken() != JsonToken.START_OBJECT) {
      throw malformed(file, "'weight_map' must be an object");
    }
    Map<String, String> shards = new LinkedHashMap<>();
    while (json.nextToken() != JsonToken.END_OBJECT) {
      String tensor = json.currentName();
      if (json.nextToken() != JsonToken.VALUE_STRING) {
        throw CheckpointException.ofTensor(
            Kind.INDEX_MALFORMED, file, tensor, "its shard must be a file name");
      }
      String shard = json.getString();
      requireFileName(file, tensor, shard);
      String earlier = shards.put(tensor, shard);
      if (earlier != null) {
        throw CheckpointException.ofTensor(
            Kind.TENSOR_IN_TWO_SHARDS,
            file,
            tensor,
            "the index names it twice: in %s and in %s".formatted(quote(earlier), quote(shard)));
      }
    }
    return shards;
  }

  // The index comes with the model and must not reach any file outside the model's folder.
  private static void requireFileName(Path file, String tensor, String shard) {
    boolean plain =
        shard.endsWith(".safetensors")
            && shard.chars().noneMatch(c -> c == '/' || c == '\\' || c == ':' || c < ' ')
            && !shard.startsWith(".")
            && isPath(shard);
    if (!plain) {
      throw CheckpointException.ofTensor(
          Kind.INDEX_PATH,
          file,
          tensor,
          "its shard %s is not the plain name of a .safetensors file in the same folder"
              .formatted(quote(shard)));
    }
  }

  // Half a surrogate pair, for one, is the name of no file.
  private static boolean isPath(String name) {
    try {
      Path.of(name);
      return true;
    } catch (InvalidPathException noPath) {
      return false;
    }
  }

  private static CheckpointException malformed(Path file, String detail) {
    return CheckpointException.of(Kind.INDEX_MALFORMED, file, detail);
  }
}
