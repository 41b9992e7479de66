package org.alphaquant.llamacpp;

import com.sun.jna.Pointer;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Runs llama.cpp for {@link Engine}: a line of JSON in, a line out. It is a process of its own
 * because a wrong file may make the library abort.
 */
final class EngineProgram {

  static final int WINDOW = 256;

  private static final JsonMapper JSON = JsonMapper.shared();

  private final LlamaLibrary library;
  private final List<String> log = new ArrayList<>();
  private final LlamaLibrary.Log keeper =
      (level, text, user) -> {
        if (level == LlamaLibrary.LOG_WARN || level == LlamaLibrary.LOG_ERROR) {
          log.add(text.strip());
        }
      };
  private Pointer model;
  private Pointer context;
  private LlamaLibrary.Batch batch;

  private EngineProgram(String folder) {
    library = new LlamaLibrary(folder);
    library.api.llama_log_set(keeper, null);
  }

  public static void main(String[] arguments) throws Exception {
    EngineProgram engine = new EngineProgram(arguments[0]);
    PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    BufferedReader in =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      out.println(JSON.writeValueAsString(engine.answer(JSON.readTree(line))));
    }
  }

  private Map<String, Object> answer(JsonNode ask) {
    return switch (ask.get("command").asString()) {
      case "load" -> load(ask.get("path").asString());
      case "logits" -> Map.of("logits", base64(logits(ids(ask.get("ids")))));
      case "likelihood" -> likelihood(ask.get("windows"));
      case "tokenize" -> tokenize(ask.get("text").asString());
      case "template" -> template();
      case "dequantize" -> dequantize(ask);
      case "quantize" -> quantize(ask);
      default -> throw new IllegalArgumentException(ask.toString());
    };
  }

  private Map<String, Object> load(String path) {
    if (model != null) {
      library.api.llama_free(context);
      library.api.llama_model_free(model);
      model = null;
    }
    log.clear();
    model = library.api.llama_model_load_from_file(path, library.api.llama_model_default_params());
    if (model == null) {
      return Map.of("error", String.join("\n", log));
    }
    context = library.api.llama_init_from_model(model, exact());
    // A second thread would mostly wait for the first: these models are small, and machines busy.
    library.api.llama_set_n_threads(context, 1, 1);
    if (batch == null) {
      batch = library.api.llama_batch_init(WINDOW, 0, 1);
    }
    return Map.of("vocabulary", vocabulary());
  }

  // No flash attention and a float32 cache, at this version's offsets, which its defaults confirm.
  private LlamaLibrary.Parameters exact() {
    LlamaLibrary.Parameters parameters = library.api.llama_context_default_params();
    ByteBuffer bytes = ByteBuffer.wrap(parameters.bytes).order(ByteOrder.LITTLE_ENDIAN);
    int[] offsets = {0, 4, 8, 52, 104, 108};
    int[] defaults = {512, 2048, 512, -1, 1, 1};
    int[] wanted = {WINDOW, WINDOW, WINDOW, 0, 0, 0};
    for (int i = 0; i < offsets.length; i++) {
      if (bytes.getInt(offsets[i]) != defaults[i]) {
        throw new IllegalStateException("not the context parameters of llama.cpp 0.5.0");
      }
      bytes.putInt(offsets[i], wanted[i]);
    }
    return parameters;
  }

  private int vocabulary() {
    return library.api.llama_vocab_n_tokens(library.api.llama_model_get_vocab(model));
  }

  private float[] logits(int[] ids) {
    library.api.llama_memory_clear(library.api.llama_get_memory(context), true);
    batch.count = ids.length;
    for (int i = 0; i < ids.length; i++) {
      batch.token.setInt(4L * i, ids[i]);
      batch.position.setInt(4L * i, i);
      batch.sequences.setInt(4L * i, 1);
      batch.sequence.getPointer(8L * i).setInt(0, 0);
      batch.logits.setByte(i, (byte) 1);
    }
    int failed = library.api.llama_decode(context, batch);
    if (failed != 0) {
      throw new IllegalStateException("llama_decode gives " + failed + ": " + log);
    }
    return library.api.llama_get_logits(context).getFloatArray(0, ids.length * vocabulary());
  }

  private Map<String, Object> likelihood(JsonNode windows) {
    double sum = 0;
    long count = 0;
    int size = vocabulary();
    for (JsonNode window : windows) {
      int[] ids = ids(window);
      float[] x = logits(ids);
      for (int i = 0; i + 1 < ids.length; i++) {
        sum += negativeLogLikelihood(x, i * size, size, ids[i + 1]);
        count++;
      }
    }
    return Map.of("sum", sum, "count", count);
  }

  private static double negativeLogLikelihood(float[] x, int from, int size, int target) {
    double most = Double.NEGATIVE_INFINITY;
    for (int j = 0; j < size; j++) {
      most = Math.max(most, x[from + j]);
    }
    double total = 0;
    for (int j = 0; j < size; j++) {
      total += Math.exp(x[from + j] - most);
    }
    return most + Math.log(total) - x[from + target];
  }

  private Map<String, Object> tokenize(String text) {
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    int[] ids = new int[utf8.length + 8];
    Pointer vocabulary = library.api.llama_model_get_vocab(model);
    int count =
        library.api.llama_tokenize(vocabulary, utf8, utf8.length, ids, ids.length, false, false);
    return Map.of("ids", java.util.Arrays.copyOf(ids, count));
  }

  private Map<String, Object> template() {
    Pointer text = library.api.llama_model_chat_template(model, null);
    return Map.of("template", text == null ? "" : text.getString(0, "UTF-8"));
  }

  private Map<String, Object> dequantize(JsonNode ask) {
    byte[] bytes = Base64.getDecoder().decode(ask.get("bytes").asString());
    float[] values = new float[ask.get("count").asInt()];
    library
        .baseLibrary
        .getFunction("dequantize_row_" + ask.get("type").asString())
        .invokeVoid(new Object[] {bytes, values, (long) values.length});
    return Map.of("values", base64(values));
  }

  private Map<String, Object> quantize(JsonNode ask) {
    float[] values = floats(ask.get("values").asString());
    float[] importance = ask.has("importance") ? floats(ask.get("importance").asString()) : null;
    byte[] bytes = new byte[ask.get("bytes").asInt()];
    long row = ask.get("row").asLong();
    library.base.ggml_quantize_chunk(
        ask.get("type").asInt(), values, bytes, 0, values.length / row, row, importance);
    return Map.of("bytes", Base64.getEncoder().encodeToString(bytes));
  }

  private static int[] ids(JsonNode list) {
    return list.valueStream().mapToInt(JsonNode::asInt).toArray();
  }

  static String base64(float[] values) {
    ByteBuffer bytes =
        ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values);
    return Base64.getEncoder().encodeToString(bytes.array());
  }

  static float[] floats(String base64) {
    ByteBuffer bytes =
        ByteBuffer.wrap(Base64.getDecoder().decode(base64)).order(ByteOrder.LITTLE_ENDIAN);
    float[] values = new float[bytes.remaining() / Float.BYTES];
    bytes.asFloatBuffer().get(values);
    return values;
  }
}
