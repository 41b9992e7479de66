package org.alphaquant.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.alphaquant.QuickJvm;

/**
 * Makes clients of openapi.yaml with the generators that people use: openapi-generator, which Maven
 * lays beside the build, and openapi-typescript, which npm installs at the versions and hashes of
 * {@code pinned.json}. Each client then runs the whole job that its file in {@code
 * src/test/resources/clients} describes.
 */
final class GeneratedClients {

  private static final Path SOURCES = Path.of("src/test/resources/clients").toAbsolutePath();
  private static final Path HOME = Path.of("target/generated-clients").toAbsolutePath();
  private static final Path LIBRARIES = HOME.resolve("lib");
  private static final String CONTRACT = Path.of("openapi.yaml").toAbsolutePath().toString();

  private GeneratedClients() {}

  /** Java's own HTTP client, and Jackson; what the job's report is. */
  static String java(String url) throws IOException {
    generate("java", "--library=native", "--additional-properties=useJakartaEe=true");
    Path classes = Files.createDirectories(HOME.resolve("classes"));
    String path = System.getProperty("java.class.path") + File.pathSeparator + nullable();
    List<String> compile =
        new ArrayList<>(List.of("javac", "-nowarn", "-proc:none", "-d", classes.toString()));
    compile.addAll(List.of("-cp", path, SOURCES.resolve("WholeJob.java").toString()));
    try (Stream<Path> files = Files.walk(HOME.resolve("java/src/main/java"))) {
      files.filter(it -> it.toString().endsWith(".java")).map(Path::toString).forEach(compile::add);
    }
    Path arguments =
        Files.write(HOME.resolve("javac.arguments"), compile.subList(1, compile.size()));
    run("javac", "-J-XX:TieredStopAtLevel=1", "@" + arguments);
    return run("java", "-cp", classes + File.pathSeparator + path, "WholeJob", url);
  }

  private static Path nullable() {
    return LIBRARIES.resolve("jackson-databind-nullable.jar");
  }

  /** The types of openapi-typescript with openapi-fetch. */
  static String openapiFetch(String url) throws IOException {
    install();
    run(tool("openapi-typescript"), CONTRACT, "-o", "schema.ts", "--default-non-nullable=false");
    return compiled("openapi-fetch", url);
  }

  static String typescriptFetch(String url) throws IOException {
    install();
    generate("typescript-fetch", "--additional-properties=importFileExtension=.js");
    return compiled("typescript-fetch", url);
  }

  static String python(String url) throws IOException {
    for (String python : List.of("python3", "/usr/bin/python3")) {
      for (String generator : List.of("python", "python-pydantic-v1")) {
        String version = generator.equals("python") ? "2" : "1";
        String needs =
            "import dateutil, urllib3, pydantic; exit(pydantic.VERSION[0] != '%s')"
                .formatted(version);
        if (status(python, "-c", needs) == 0) {
          generate(generator);
          return run(python, "python.py", HOME.resolve(generator).toString(), url);
        }
      }
    }
    assertThat(System.getenv("CI")).as("no Python has pydantic").isNotEqualTo("true");
    System.out.println("No Python with pydantic: the Python client is not run.");
    return "";
  }

  /** Whether npm is there; continuous integration must have it. */
  static boolean hasNpm() throws IOException {
    boolean there = status("npm", "--version") == 0;
    assertThat(there || !"true".equals(System.getenv("CI"))).as("npm is missing").isTrue();
    return there;
  }

  private static synchronized void install() throws IOException {
    copySources();
    if (!Files.exists(HOME.resolve("node_modules/typescript"))) {
      Files.copy(
          HOME.resolve("pinned.json"),
          HOME.resolve("package-lock.json"),
          StandardCopyOption.REPLACE_EXISTING);
      run("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent");
    }
  }

  private static synchronized void copySources() throws IOException {
    Files.createDirectories(HOME);
    try (Stream<Path> files = Files.list(SOURCES)) {
      for (Path file : files.toList()) {
        Files.copy(file, HOME.resolve(file.getFileName()), StandardCopyOption.REPLACE_EXISTING);
      }
    }
  }

  private static String compiled(String client, String url) throws IOException {
    Path project = HOME.resolve("tsconfig." + client + ".json");
    Files.writeString(
        project, "{\"extends\": \"./tsconfig.json\", \"files\": [\"%s.ts\"]}".formatted(client));
    run(tool("tsc"), "-p", project.toString());
    return run("node", "js/" + client + ".js", url);
  }

  private static String tool(String name) {
    return HOME.resolve("node_modules/.bin").resolve(name).toString();
  }

  private static void generate(String generator, String... options) throws IOException {
    copySources();
    List<String> command = new ArrayList<>(List.of("java"));
    command.addAll(QuickJvm.OPTIONS);
    command.addAll(
        List.of("-jar", LIBRARIES.resolve("openapi-generator-cli.jar").toString(), "generate"));
    command.addAll(List.of("-i", CONTRACT, "-g", generator, "-o", generator));
    command.add(
        "--global-property=apis,models,supportingFiles,apiTests=false,modelTests=false,apiDocs=false,modelDocs=false");
    command.addAll(List.of(options));
    run(command.toArray(String[]::new));
  }

  private static int status(String... command) throws IOException {
    try {
      return process(Path.of(""), Path.of("/dev/null"), command);
    } catch (IOException missing) {
      return -1;
    }
  }

  /** Its output; fails with it where the program does not end with 0. */
  private static String run(String... command) throws IOException {
    Files.createDirectories(HOME);
    Path output = Files.createTempFile(HOME, "output", ".txt");
    int status = process(HOME, output, command);
    String text = Files.readString(output);
    assertThat(status).as("%s%n%s", String.join(" ", command), text).isZero();
    return text.strip().lines().reduce((first, last) -> last).orElse("");
  }

  private static int process(Path folder, Path output, String... command) throws IOException {
    Process process =
        new ProcessBuilder(command)
            .directory(folder.toAbsolutePath().toFile())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    try {
      if (!process.waitFor(3, TimeUnit.MINUTES)) {
        process.destroyForcibly();
        throw new IllegalStateException(command[0] + " did not end within three minutes");
      }
      return process.exitValue();
    } catch (InterruptedException stopped) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
      throw new IllegalStateException(stopped);
    }
  }
}
