package org.alphaquant.api;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.alphaquant.checkpoint.WrittenFile;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The protocol's own client from npm, run by node: its packages are fetched once for each build, of
 * pinned versions, and checked by their SHA-256.
 */
final class McpClient {
  private static final Path HOME = Path.of("target", "mcp-client").toAbsolutePath();

  /** By name and version: what the client imports, and what that imports. */
  private static final Map<String, String> PACKAGES =
      packages(
          "@modelcontextprotocol/sdk@1.32.2",
          "b8d52553a4b7937c0fd9be60c4013af3f46c9a41c5ddde39b7dd0672e4fe19ef",
          "ajv@8.20.0",
          "b2f0b3a893bbb8cc5efb6814f08b1499e19e31d5dd73683f5893382f48f6e7b3",
          "ajv-formats@3.0.1",
          "f4d6980fd367381fd29199066911e863db8d97496613b6c2c5b91563a150acc5",
          "content-type@1.0.5",
          "ac31d098405f0242dd712218f38a14a6202bd4eb01067db05db765d9a9bd12c8",
          "eventsource-parser@3.1.1",
          "44a0a0ca6cecea76ac47de3e73414ceb32dbbfb8f3b6408906d81170c68e36ed",
          "fast-deep-equal@3.1.3",
          "b019a0980f27638dc3f85836b0e478f188e00d7a6e5852c0819fa86f56e47b8f",
          "fast-uri@3.1.9",
          "4f5a67f7b61110aae7b3ad38e806627f5712f4c150bd38eb804a562e69a9ee5e",
          "json-schema-traverse@1.0.0",
          "023222622df29fc274bde5d3590e47aa1d4a8e3c1d6e2aba029948ed79799b21",
          "pkce-challenge@5.0.1",
          "d1fcbbae5bc05562d13de7c520c2951699e8262a8317fa6c8bbcd8dcff3bea70",
          "zod@4.6.7",
          "84efd155bed93270286e793fc951be270b536cbd5b0eeb111f0fa3967201d698",
          "zod-to-json-schema@3.25.2",
          "a4919ab5a32aff4fd6c119c9f187f0dd4b4c490d30c4c4fdaf7c5ff6f38d93f4");

  private static final String SCRIPT =
      """
      import {Client} from "@modelcontextprotocol/sdk/client/index.js";
      import {StreamableHTTPClientTransport} from "@modelcontextprotocol/sdk/client/streamableHttp.js";
      const [url, key, ...calls] = process.argv.slice(2);
      const client = new Client({name: "test", version: "1"});
      const headers = key ? {Authorization: `Bearer ${key}`} : {};
      await client.connect(new StreamableHTTPClientTransport(new URL(url), {requestInit: {headers}}));
      const answers = [(await client.listTools()).tools];
      for (const {prompt, ...call} of calls.map(JSON.parse)) {
        if (prompt === "") answers.push(await client.listPrompts());
        else if (prompt) answers.push(await client.getPrompt({name: prompt, ...call}).catch((error) => ({error: error.message})));
        else answers.push(await client.callTool(call));
      }
      await client.close();
      console.log(JSON.stringify(answers));
      """;

  private McpClient() {}

  /**
   * The list of tools, then the result of each call: {@code {"name": .., "arguments": ..}} of a
   * tool, {@code {"prompt": .., "arguments": ..}} of a prompt, whose empty name asks for the list.
   */
  static JsonNode run(String url, String key, String... calls) throws IOException {
    Path script = HOME.resolve("client.mjs");
    Files.writeString(script, SCRIPT);
    List<String> command =
        new ArrayList<>(List.of("node", script.toString(), url, key == null ? "" : key));
    command.addAll(Arrays.asList(calls));
    return JsonMapper.shared().readTree(output(HOME, command));
  }

  private static void install() throws IOException {
    Path modules = Files.createDirectories(HOME.resolve("node_modules"));
    for (Map.Entry<String, String> item : PACKAGES.entrySet()) {
      int at = item.getKey().lastIndexOf('@');
      Path module = modules.resolve(item.getKey().substring(0, at));
      if (!Files.exists(module)) {
        unpack(item.getKey(), item.getValue(), module);
      }
    }
  }

  private static void unpack(String name, String sha256, Path module) throws IOException {
    Path scratch = Files.createTempDirectory(HOME, "pack");
    String file = output(scratch, List.of("npm", "pack", "--silent", name)).strip();
    String found = WrittenFile.of(scratch.resolve(file)).sha256();
    if (!found.equals(sha256)) {
      throw new IOException("%s has SHA-256 %s but must have %s".formatted(file, found, sha256));
    }
    output(scratch, List.of("tar", "-xzf", file));
    Files.createDirectories(module.getParent());
    Files.move(scratch.resolve("package"), module, StandardCopyOption.ATOMIC_MOVE);
  }

  private static String output(Path folder, List<String> command) throws IOException {
    Path out = Files.createTempFile(HOME, "output", ".txt");
    Process process =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(out.toFile())
            .start();
    try {
      if (!process.waitFor(2, TimeUnit.MINUTES)) {
        process.destroyForcibly();
        throw new IOException(command.get(0) + " did not end within two minutes");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(e);
    }
    String text = Files.readString(out, StandardCharsets.UTF_8);
    if (process.exitValue() != 0) {
      throw new IOException("%s ended with %d: %s".formatted(command, process.exitValue(), text));
    }
    return text;
  }

  private static Map<String, String> packages(String... pairs) {
    Map<String, String> packages = new LinkedHashMap<>();
    for (int i = 0; i < pairs.length; i += 2) {
      packages.put(pairs[i], pairs[i + 1]);
    }
    return packages;
  }

  /** Without npm or node the test says so in a line; in CI it fails. */
  static final class Installed implements ExecutionCondition {
    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
      try {
        Files.createDirectories(HOME);
        install();
        return ConditionEvaluationResult.enabled("the client is there");
      } catch (IOException missing) {
        if ("true".equals(System.getenv("CI"))) {
          throw new IllegalStateException(missing);
        }
        String reason = "No MCP client from npm, so /mcp is not tested: " + missing.getMessage();
        System.out.println(reason);
        return ConditionEvaluationResult.disabled(reason);
      }
    }
  }
}
