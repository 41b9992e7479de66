package org.alphaquant.hub;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import tools.jackson.databind.json.JsonMapper;

/**
 * A hub of our own: the API at 127.0.0.1 and the storage at {@code localhost}, so that the two are
 * different hosts. Faults are put in front of it by {@link #fault}.
 */
public final class HubDouble implements AutoCloseable {

  private static final int PAGE = 3;

  static {
    // Answers in two small pieces would wait for the client's delayed acknowledgement.
    System.setProperty("sun.net.httpserver.nodelay", "true");
  }

  private final HttpServer hub;
  private final HttpServer storageServer;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final HubStorage storage = new HubStorage();
  private final Map<String, Repository> repositories = new ConcurrentHashMap<>();
  private final List<Request> requests = new CopyOnWriteArrayList<>();
  private final List<Fault> faults = new CopyOnWriteArrayList<>();

  /** A request that came. */
  public record Request(String host, String method, String path, String query, Headers headers) {}

  private record Fault(Pattern path, AtomicInteger times, HttpHandler answer) {}

  private static final class Repository {
    private final Map<String, Map<String, byte[]>> commits = new LinkedHashMap<>();
    private final Map<String, String> branches = new ConcurrentHashMap<>();
    private String token;
    private boolean gated;
    private String licence;
  }

  public HubDouble() {
    hub = server("127.0.0.1", this::answer);
    storageServer = server("localhost", storage::store);
  }

  private HttpServer server(String host, HttpHandler handler) {
    try {
      HttpServer server = HttpServer.create(new InetSocketAddress(host, 0), 64);
      server.createContext("/", exchange -> handle(host, exchange, handler));
      server.setExecutor(threads);
      server.start();
      return server;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public URI endpoint() {
    return URI.create("http://127.0.0.1:" + hub.getAddress().getPort());
  }

  /** Puts a commit on the branch {@code main}; returns its hash. */
  public String push(String id, Map<String, byte[]> files) {
    Repository repository = repositories.computeIfAbsent(id, it -> new Repository());
    MessageDigest digest = HubStorage.digest("SHA-1");
    new TreeMap<>(files)
        .forEach(
            (path, content) -> {
              digest.update(path.getBytes(StandardCharsets.UTF_8));
              digest.update(content);
              storage.put(content);
            });
    String commit = HexFormat.of().formatHex(digest.digest());
    synchronized (repository.commits) {
      repository.commits.put(commit, Map.copyOf(files));
    }
    repository.branches.put("main", commit);
    return commit;
  }

  /** Puts all files of a folder. */
  public String push(String id, Path folder) {
    return push(id, files(folder));
  }

  /** The files of a folder by their paths in it. */
  public static Map<String, byte[]> files(Path folder) {
    try (Stream<Path> files = Files.walk(folder)) {
      Map<String, byte[]> contents = new TreeMap<>();
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        contents.put(folder.relativize(file).toString(), Files.readAllBytes(file));
      }
      return contents;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Lets only those with this token see it. */
  public void hide(String id, String token) {
    repositories.get(id).token = token;
  }

  /** Lets nobody have its files before conditions are accepted. */
  public void gate(String id) {
    repositories.get(id).gated = true;
  }

  public void license(String id, String licence) {
    repositories.get(id).licence = licence;
  }

  /** Answers requests for matching paths otherwise, a number of times. */
  public void fault(String path, int times, HttpHandler answer) {
    faults.add(new Fault(Pattern.compile(path), new AtomicInteger(times), answer));
  }

  /** Answers with a status and headers in pairs. */
  public static HttpHandler status(int status, String... headers) {
    return exchange -> {
      for (int i = 0; i < headers.length; i += 2) {
        exchange.getResponseHeaders().add(headers[i], headers[i + 1]);
      }
      exchange.sendResponseHeaders(status, -1);
    };
  }

  /** Where its large files are. */
  public HubStorage storage() {
    return storage;
  }

  public List<Request> requests() {
    return List.copyOf(requests);
  }

  public void forgetRequests() {
    requests.clear();
  }

  /** Requests for a file's content at the storage. */
  public long contentRequests() {
    return requests.stream().filter(it -> it.host().equals("localhost")).count();
  }

  private void handle(String host, HttpExchange exchange, HttpHandler handler) throws IOException {
    URI uri = exchange.getRequestURI();
    requests.add(
        new Request(
            host,
            exchange.getRequestMethod(),
            uri.getPath(),
            uri.getRawQuery(),
            exchange.getRequestHeaders()));
    try (exchange) {
      for (Fault fault : faults) {
        if (fault.path().matcher(uri.getPath()).find()
            && fault.times().getAndUpdate(it -> Math.max(0, it - 1)) > 0) {
          fault.answer().handle(exchange);
          return;
        }
      }
      handler.handle(exchange);
    }
  }

  private void answer(HttpExchange exchange) throws IOException {
    String path = exchange.getRequestURI().getRawPath();
    boolean api = path.startsWith("/api/");
    String rest = api ? path.replaceFirst("^/api/(models|datasets)/", "") : path.substring(1);
    rest = api && path.startsWith("/api/datasets/") ? "datasets/" + rest : rest;
    String id =
        repositories.keySet().stream()
            .filter(known -> (exchangePath(api, path, known) + "/").startsWith(known + "/"))
            .findFirst()
            .orElse(null);
    if (id == null || !mayRead(id, exchange)) {
      refuse(exchange, 401, "RepoNotFound", "Repository not found");
      return;
    }
    Repository repository = repositories.get(id);
    String after = exchangePath(api, path, id).substring(id.length());
    if (after.startsWith("/revision/")) {
      revision(exchange, id, repository, decoded(after.substring("/revision/".length())));
    } else if (after.startsWith("/tree/")) {
      tree(exchange, repository, after.substring("/tree/".length()));
    } else if (after.startsWith("/resolve/") || after.startsWith("/cached/")) {
      resolve(exchange, id, repository, after.replaceFirst("^/(resolve|cached)/", ""));
    } else {
      refuse(exchange, 404, "EntryNotFound", "no such page");
    }
  }

  private static String exchangePath(boolean api, String path, String id) {
    if (!api) {
      return path.substring(1);
    }
    return path.startsWith("/api/datasets/")
        ? path.substring("/api/".length())
        : path.substring("/api/models/".length());
  }

  private boolean mayRead(String id, HttpExchange exchange) {
    String token = repositories.get(id).token;
    return token == null
        || ("Bearer " + token).equals(exchange.getRequestHeaders().getFirst("Authorization"));
  }

  private static void refuse(HttpExchange exchange, int status, String code, String message)
      throws IOException {
    exchange.getResponseHeaders().add("X-Error-Code", code);
    exchange.getResponseHeaders().add("X-Error-Message", message);
    exchange.sendResponseHeaders(status, -1);
  }

  private void revision(HttpExchange exchange, String id, Repository repository, String revision)
      throws IOException {
    String commit = repository.branches.getOrDefault(revision, revision);
    if (!repository.commits.containsKey(commit)) {
      refuse(exchange, 404, "RevisionNotFound", "Invalid rev id: " + revision);
      return;
    }
    Map<String, Object> info = new LinkedHashMap<>();
    info.put("id", id);
    info.put("sha", commit);
    info.put("private", repository.token != null);
    info.put("gated", repository.gated ? "auto" : false);
    info.put(
        "cardData", repository.licence == null ? Map.of() : Map.of("license", repository.licence));
    info.put(
        "siblings",
        repository.commits.get(commit).keySet().stream()
            .map(it -> Map.of("rfilename", it))
            .toList());
    json(exchange, info);
  }

  private void tree(HttpExchange exchange, Repository repository, String commit)
      throws IOException {
    List<Map<String, Object>> entries = new ArrayList<>();
    new TreeMap<>(repository.commits.getOrDefault(commit, Map.of()))
        .forEach((path, content) -> entries.add(entry(path, content)));
    String query = String.valueOf(exchange.getRequestURI().getQuery());
    int from =
        query.contains("cursor=") ? Integer.parseInt(query.replaceFirst(".*cursor=", "")) : 0;
    int end = Math.min(entries.size(), from + PAGE);
    if (end < entries.size()) {
      exchange
          .getResponseHeaders()
          .add(
              "Link",
              "<%s%s?recursive=true&cursor=%d>; rel=\"next\""
                  .formatted(endpoint(), exchange.getRequestURI().getPath(), end));
    }
    json(exchange, entries.subList(from, end));
  }

  private static Map<String, Object> entry(String path, byte[] content) {
    Map<String, Object> entry = new LinkedHashMap<>();
    entry.put("type", "file");
    entry.put("path", path);
    entry.put("size", content.length);
    entry.put("oid", HubStorage.gitHash(content));
    if (isLarge(path)) {
      entry.put(
          "lfs",
          Map.of(
              "oid",
              HubStorage.hash("SHA-256", content),
              "size",
              content.length,
              "pointerSize",
              130));
    }
    return entry;
  }

  private static boolean isLarge(String path) {
    return path.matches(".*\\.(safetensors|bin|parquet|zst|gz|model)");
  }

  private void resolve(HttpExchange exchange, String id, Repository repository, String rest)
      throws IOException {
    String revision = rest.substring(0, rest.indexOf('/'));
    String commit = repository.branches.getOrDefault(decoded(revision), revision);
    String path = decoded(rest.substring(rest.indexOf('/') + 1));
    byte[] content = repository.commits.getOrDefault(commit, Map.of()).get(path);
    exchange.getResponseHeaders().add("X-Repo-Commit", commit);
    if (repository.gated) {
      boolean token = exchange.getRequestHeaders().containsKey("Authorization");
      refuse(exchange, token ? 403 : 401, "GatedRepo", "Access is restricted");
    } else if (content == null) {
      refuse(exchange, 404, "EntryNotFound", "Entry not found");
    } else if (!isLarge(path)) {
      exchange.getResponseHeaders().add("ETag", '"' + HubStorage.gitHash(content) + '"');
      storage.send(exchange, content);
    } else if (exchange.getRequestURI().getPath().contains("/resolve/")) {
      // A hop within the hub whose query must be kept.
      exchange
          .getResponseHeaders()
          .add(
              "Location",
              "/"
                  + id
                  + "/cached/"
                  + commit
                  + "/"
                  + rest.substring(rest.indexOf('/') + 1)
                  + "?etag=1%2F2");
      exchange
          .getResponseHeaders()
          .add("X-Linked-Etag", '"' + HubStorage.hash("SHA-256", content) + '"');
      exchange.getResponseHeaders().add("X-Linked-Size", Integer.toString(content.length));
      exchange.sendResponseHeaders(307, -1);
    } else {
      if (!"etag=1%2F2".equals(exchange.getRequestURI().getRawQuery())) {
        exchange.sendResponseHeaders(400, -1);
        return;
      }
      exchange
          .getResponseHeaders()
          .add("X-Linked-Etag", '"' + HubStorage.hash("SHA-256", content) + '"');
      exchange.getResponseHeaders().add("X-Linked-Size", Integer.toString(content.length));
      exchange
          .getResponseHeaders()
          .add(
              "Location",
              "http://localhost:%d/%s/%s?X-Amz-Signature=secret&X-Amz-Expires=3600"
                  .formatted(
                      storageServer.getAddress().getPort(),
                      path.replaceFirst(".*/", ""),
                      HubStorage.hash("SHA-256", content)));
      exchange.sendResponseHeaders(302, -1);
    }
  }

  private static void json(HttpExchange exchange, Object body) throws IOException {
    byte[] bytes = JsonMapper.shared().writeValueAsBytes(body);
    exchange.getResponseHeaders().add("Content-Type", "application/json");
    exchange.sendResponseHeaders(200, bytes.length);
    exchange.getResponseBody().write(bytes);
  }

  private static String decoded(String text) {
    return URLDecoder.decode(text, StandardCharsets.UTF_8);
  }

  @Override
  public void close() {
    hub.stop(0);
    storageServer.stop(0);
    threads.shutdownNow();
  }
}
