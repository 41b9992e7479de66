package org.alphaquant.client;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Option;

/** The options of every command that connects to a service: its address and the API key. */
final class Connection {
  private static final String KEY_VARIABLE = "ALPHAQUANT_KEY";

  @Option(
      names = "--url",
      paramLabel = "URL",
      defaultValue = "${env:ALPHAQUANT_URL:-http://localhost:8080}",
      description = {"Address of the service (ALPHAQUANT_URL, or", "http://localhost:8080)."})
  private String url;

  @Option(
      names = "--key-file",
      paramLabel = "FILE",
      description = "File with the API key; without it the key is ALPHAQUANT_KEY, or none.")
  private Path keyFile;

  ServiceClient open() {
    if (!url.matches("https?://[^/\\s]+(/\\S*)?")) {
      throw new ClientException(
          "--url is \"%s\" but must be an http or https address".formatted(url),
          ClientException.USAGE);
    }
    return new ServiceClient(url, key());
  }

  private Optional<String> key() {
    String text = keyFile == null ? System.getenv(KEY_VARIABLE) : read(keyFile);
    return Optional.ofNullable(text).map(String::strip).filter(it -> !it.isEmpty());
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw ClientException.unreadable("key file " + file, e);
    }
  }
}
