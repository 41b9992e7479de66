package org.alphaquant.llamacpp;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.alphaquant.QuickJvm;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** llama.cpp in a child process, for as long as a test class needs it. */
public final class Engine implements AutoCloseable {

  private static final JsonMapper JSON = JsonMapper.shared();

  private final Path folder;
  private Process process;
  private BufferedReader in;
  private Writer out;

  private Engine(Path folder) {
    this.folder = folder;
  }

  /** Empty, with a line on standard output, where llama.cpp cannot be had. */
  public static Optional<Engine> start() {
    return LlamaCpp.folder().map(Engine::new);
  }

  /**
   * Loads a model in place of the one before.
   *
   * @return what is wrong with the file; empty where nothing is
   */
  public Optional<String> load(Path gguf) {
    JsonNode answer = ask(Map.of("command", "load", "path", gguf.toAbsolutePath().toString()));
    return Optional.ofNullable(answer.get("error")).map(JsonNode::asString);
  }

  /** Logits of every position, one after another. */
  public float[] logits(int... ids) {
    return EngineProgram.floats(
        ask(Map.of("command", "logits", "ids", ids)).get("logits").asString());
  }

  /** Perplexity over windows, each token but the first predicted. */
  public double perplexity(long[][] windows) {
    JsonNode answer = ask(Map.of("command", "likelihood", "windows", windows));
    return Math.exp(answer.get("sum").asDouble() / answer.get("count").asLong());
  }

  /** Token ids of running text. */
  public long[] tokenize(String text) {
    return ask(Map.of("command", "tokenize", "text", text))
        .get("ids")
        .valueStream()
        .mapToLong(JsonNode::asLong)
        .toArray();
  }

  /** The file's chat template, empty without one. */
  public String template() {
    return ask(Map.of("command", "template")).get("template").asString();
  }

  /** Weights as the engine's own function for the type reads them. */
  public float[] dequantize(String type, ByteBuffer bytes, int count) {
    byte[] copy = new byte[bytes.remaining()];
    bytes.duplicate().get(copy);
    String base64 = Base64.getEncoder().encodeToString(copy);
    return EngineProgram.floats(
        ask(Map.of("command", "dequantize", "type", type, "bytes", base64, "count", count))
            .get("values")
            .asString());
  }

  /**
   * Blocks as the engine's own quantizer makes them.
   *
   * @param importance a weight for each column, or null
   */
  public byte[] quantize(int type, float[] values, int row, int bytes, float[] importance) {
    Map<String, Object> ask = new LinkedHashMap<>();
    ask.put("command", "quantize");
    ask.put("type", type);
    ask.put("values", EngineProgram.base64(values));
    ask.put("row", row);
    ask.put("bytes", bytes);
    if (importance != null) {
      ask.put("importance", EngineProgram.base64(importance));
    }
    return Base64.getDecoder().decode(ask(ask).get("bytes").asString());
  }

  private JsonNode ask(Map<String, Object> command) {
    try {
      if (process == null || !process.isAlive()) {
        begin();
      }
      out.write(JSON.writeValueAsString(command));
      out.write('\n');
      out.flush();
      String answer = in.readLine();
      if (answer == null) {
        throw new IllegalStateException("llama.cpp ended the process at " + command.get("command"));
      }
      return JSON.readTree(answer);
    } catch (IOException broken) {
      throw new UncheckedIOException(broken);
    }
  }

  private void begin() throws IOException {
    List<String> line = QuickJvm.command(EngineProgram.class, "-Xmx512m");
    line.add(folder.toString());
    process = new ProcessBuilder(line).redirectError(ProcessBuilder.Redirect.DISCARD).start();
    in =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    out = process.outputWriter(StandardCharsets.UTF_8);
  }

  @Override
  public void close() {
    if (process != null) {
      process.destroy();
    }
  }
}
