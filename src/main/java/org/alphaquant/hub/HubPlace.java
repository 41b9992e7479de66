package org.alphaquant.hub;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The addresses of the hub and its caches: the settings, completed by the environment variables of
 * the Python libraries.
 *
 * @param endpoint without a slash at its end
 * @param cache the folder that is written to
 * @param caches folders that are only read
 */
record HubPlace(
    URI endpoint, HubToken token, boolean offline, Path cache, List<Path> caches, Proxies proxies) {

  private static final String PUBLIC = "https://huggingface.co";
  private static final Set<String> TRUE = Set.of("1", "ON", "YES", "TRUE");

  static HubPlace of(HubSettings settings, Map<String, String> variables, Path dataDir) {
    URI endpoint =
        settings.endpoint() != null
            ? settings.endpoint()
            : URI.create(variables.getOrDefault("HF_ENDPOINT", PUBLIC));
    Path home = home(variables);
    return new HubPlace(
        trimmed(endpoint),
        token(settings, variables, home),
        settings.offline() != null
            ? settings.offline()
            : isTrue(variables.get("HF_HUB_OFFLINE"))
                || isTrue(variables.get("TRANSFORMERS_OFFLINE")),
        (settings.cache() == null ? dataDir.resolve("hub") : settings.cache())
            .toAbsolutePath()
            .normalize(),
        caches(settings, variables, home),
        Proxies.of(variables));
  }

  /** The same with more folders that are only read. */
  HubPlace alsoReading(List<Path> more) {
    List<Path> all = new ArrayList<>(caches);
    more.forEach(path -> all.add(path.toAbsolutePath().normalize()));
    return new HubPlace(endpoint, token, offline, cache, all, proxies);
  }

  /** Without the token. */
  @Override
  public String toString() {
    return "HubPlace[" + endpoint + "]";
  }

  private static URI trimmed(URI endpoint) {
    String text = endpoint.toString().replaceFirst("/+$", "");
    URI uri = URI.create(text);
    String scheme = String.valueOf(uri.getScheme()).toLowerCase(Locale.ROOT);
    if (uri.getHost() == null || !Set.of("http", "https").contains(scheme)) {
      throw new IllegalArgumentException(
          "alphaquant.hub.endpoint is '%s' but must be an http or https address".formatted(text));
    }
    return uri;
  }

  private static boolean isTrue(String value) {
    return value != null && TRUE.contains(value.strip().toUpperCase(Locale.ROOT));
  }

  private static Path home(Map<String, String> variables) {
    if (variables.containsKey("HF_HOME")) {
      return Path.of(variables.get("HF_HOME"));
    }
    String caches = variables.get("XDG_CACHE_HOME");
    return (caches == null
            ? Path.of(variables.getOrDefault("HOME", "."), ".cache")
            : Path.of(caches))
        .resolve("huggingface");
  }

  /** Also reads the cache that the Python libraries would use. */
  private static List<Path> caches(HubSettings settings, Map<String, String> variables, Path home) {
    List<Path> caches = new ArrayList<>(settings.caches());
    caches.add(
        Stream.of("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE")
            .map(name -> variables.getOrDefault(name, ""))
            .filter(path -> !path.isBlank())
            .findFirst()
            .map(Path::of)
            .orElse(home.resolve("hub")));
    return caches.stream().map(path -> path.toAbsolutePath().normalize()).distinct().toList();
  }

  // A token found in the environment is used only where the hub is on.
  private static HubToken token(HubSettings settings, Map<String, String> variables, Path home) {
    if (settings.allowed().isEmpty()) {
      return HubToken.NONE;
    }
    if (settings.token() != null && !settings.token().isBlank()) {
      return new HubToken(settings.token().strip(), "alphaquant.hub.token");
    }
    if (settings.tokenFile() != null) {
      return new HubToken(read(settings.tokenFile()), "the file alphaquant.hub.token-file names");
    }
    if (isTrue(variables.get("HF_HUB_DISABLE_IMPLICIT_TOKEN"))) {
      return HubToken.NONE;
    }
    for (String name : List.of("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN")) {
      if (!variables.getOrDefault(name, "").isBlank()) {
        return new HubToken(variables.get(name).strip(), "the variable " + name);
      }
    }
    Path file = Path.of(variables.getOrDefault("HF_TOKEN_PATH", home.resolve("token").toString()));
    return Files.isReadable(file)
        ? new HubToken(read(file), "the file " + file.getFileName() + " of HF_HOME")
        : HubToken.NONE;
  }

  private static String read(Path file) {
    try {
      return Files.readString(file).strip();
    } catch (IOException e) {
      throw new IllegalArgumentException(
          "the file '%s' of the hub's token cannot be read".formatted(file), e);
    }
  }
}
