package org.alphaquant.hub;

import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.alphaquant.cache.ModelCache;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.util.unit.DataSize;

/** What tests of the hub have in common: settings, a database, and a model that is none. */
final class HubTests {

  static final String ID = "org/tiny-moe";
  static final int SHARD = 300_000;

  private HubTests() {}

  /** The settings of a service that asks this hub, with times that suit a test. */
  static HubSettings settings(URI endpoint, Map<String, Object> changed) {
    Map<String, Object> all = new HashMap<>(Map.of("allowed", List.of("*")));
    all.putAll(changed);
    return new HubSettings(
        strings(all.get("allowed")),
        endpoint,
        (String) all.get("token"),
        null,
        strings(all.getOrDefault("storageHosts", List.of("localhost"))),
        null,
        strings(all.getOrDefault("caches", List.of())).stream().map(Path::of).toList(),
        (Boolean) all.get("offline"),
        (DataSize) all.get("maxCacheSize"),
        (DataSize) all.get("maxOwnerSize"),
        4,
        Duration.ofSeconds(20),
        (Duration) all.getOrDefault("idleTimeout", Duration.ofSeconds(20)),
        DataSize.ofKilobytes(1),
        (Duration) all.getOrDefault("rateWindow", Duration.ofSeconds(20)),
        (Integer) all.getOrDefault("attempts", 3),
        Duration.ofMillis(10),
        Duration.ofSeconds(5));
  }

  private static List<String> strings(Object list) {
    return ((List<?>) list).stream().map(String.class::cast).toList();
  }

  static Hub hub(HubDouble remote, Path dataDir, JdbcClient sql, Map<String, Object> changed) {
    HubSettings settings = settings(remote.endpoint(), changed);
    return hub(settings, HubPlace.of(settings, Map.of(), dataDir), sql);
  }

  static Hub hub(HubSettings settings, HubPlace place, JdbcClient sql) {
    Duration lease = Duration.ofSeconds(3);
    ModelCache cache =
        new ModelCache(settings.forCache(), place.cache(), place.caches(), sql, lease);
    return new Hub(settings, place, cache);
  }

  /** Two shards, their index, small files, and what must not be fetched. */
  static Map<String, byte[]> model(long seed) {
    Map<String, byte[]> files = new TreeMap<>();
    files.put("config.json", bytes("{\"model_type\": \"olmoe\", \"seed\": " + seed + "}"));
    files.put("tokenizer.json", bytes("{}"));
    files.put("README.md", bytes("---\nlicense: apache-2.0\n---\n"));
    files.put(
        "model.safetensors.index.json",
        bytes(
            "{\"weight_map\": {\"a\": \"model-00001-of-00002.safetensors\", \"b\": \"model-00002-of-00002.safetensors\"}}"));
    files.put("model-00001-of-00002.safetensors", shard("a", seed));
    files.put("model-00002-of-00002.safetensors", shard("b", seed + 1));
    files.put("adapter.safetensors", new byte[1000]);
    files.put("pytorch_model.bin", new byte[2000]);
    files.put("original/consolidated.safetensors", new byte[2000]);
    return files;
  }

  static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static byte[] shard(String tensor, long seed) {
    byte[] header =
        bytes(
            "{\"%s\": {\"dtype\": \"U8\", \"shape\": [%d], \"data_offsets\": [0, %d]}}"
                .formatted(tensor, SHARD, SHARD));
    byte[] numbers = new byte[SHARD];
    new Random(seed).nextBytes(numbers);
    return ByteBuffer.allocate(8 + header.length + SHARD)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(header.length)
        .put(header)
        .put(numbers)
        .array();
  }
}
