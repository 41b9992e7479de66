package org.alphaquant.store;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;
import org.apache.hc.client5.http.classic.methods.HttpUriRequestBase;
import org.apache.hc.client5.http.impl.classic.CloseableHttpClient;
import org.apache.hc.client5.http.impl.classic.HttpClients;
import org.apache.hc.client5.http.impl.io.PoolingHttpClientConnectionManagerBuilder;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.ContentType;
import org.apache.hc.core5.http.Header;
import org.apache.hc.core5.http.HttpHost;
import org.apache.hc.core5.http.io.entity.InputStreamEntity;
import org.apache.hc.core5.net.URIAuthority;
import org.gaul.s3proxy.S3Proxy;
import org.gaul.s3proxy.auth.AuthenticationType;
import org.gaul.s3proxy.nio2blob.TransientNio2BlobStore;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.springframework.util.unit.DataSize;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.MultipartUpload;
import software.amazon.awssdk.services.s3.model.S3Object;

/** S3Proxy, in memory, with somebody before it who breaks what is asked to break. */
public final class S3Double implements AutoCloseable, AfterAllCallback {

  public static final String ACCESS_KEY = "the-key-of-the-tests";
  public static final String SECRET_KEY = "the-secret-of-the-tests";
  public static final String BUCKET = "models";

  private static final Set<String> NOT_FORWARDED =
      Set.of("host", "content-length", "connection", "transfer-encoding", "expect");

  private final S3Proxy proxy;
  private final HttpServer front;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final CloseableHttpClient forward =
      HttpClients.custom()
          .setConnectionManager(
              PoolingHttpClientConnectionManagerBuilder.create()
                  .setMaxConnTotal(50)
                  .setMaxConnPerRoute(50)
                  .build())
          .disableRedirectHandling()
          .disableAutomaticRetries()
          .disableContentCompression()
          .build();
  private final S3Client direct;
  private final List<Request> requests = new CopyOnWriteArrayList<>();
  private final List<Fault> faults = new CopyOnWriteArrayList<>();

  /** A request that came, as {@code GET /bucket/key?query}. */
  public record Request(String line, Headers headers) {}

  private record Fault(Pattern line, AtomicInteger times, HttpHandler answer) {}

  public S3Double() {
    try {
      proxy =
          S3Proxy.builder()
              .blobStore(new TransientNio2BlobStore())
              // It knows no tokens of a session; their header is signed all the same.
              .ignoreUnknownHeaders(true)
              .awsAuthentication(AuthenticationType.AWS_V4, ACCESS_KEY, SECRET_KEY)
              .endpoint(URI.create("http://127.0.0.1:0"))
              .build();
      proxy.start();
      front = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 64);
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
    front.createContext("/", this::handle);
    front.setExecutor(threads);
    front.start();
    direct =
        new StoreClients(settings(URI.create("http://127.0.0.1:" + proxy.getPort()), Map.of()))
            .client();
    direct.createBucket(it -> it.bucket(BUCKET));
  }

  public URI endpoint() {
    return URI.create("http://127.0.0.1:" + front.getAddress().getPort());
  }

  /** Settings of a store that is asked here, with times that suit a test. */
  StoreSettings settings(Map<String, Object> changed) {
    return settings(endpoint(), changed);
  }

  private static StoreSettings settings(URI endpoint, Map<String, Object> changed) {
    Map<String, Object> all = new HashMap<>(changed);
    return new StoreSettings(
        endpoint,
        "us-east-1",
        BUCKET,
        (String) all.getOrDefault("prefix", ""),
        null,
        (StoreSettings.Credentials) all.getOrDefault("credentials", StoreSettings.Credentials.KEYS),
        ACCESS_KEY,
        (String) all.getOrDefault("secretKey", SECRET_KEY),
        null,
        null,
        null,
        (Boolean) all.getOrDefault("readable", true),
        (Boolean) all.getOrDefault("writable", true),
        null,
        2,
        DataSize.ofBytes(StoreSettings.MIN_PART),
        java.time.Duration.ofSeconds(20),
        java.time.Duration.ofSeconds(20),
        3,
        java.time.Duration.ofMillis(10));
  }

  public void put(String key, byte[] content, Map<String, String> metadata) {
    direct.putObject(
        it -> it.bucket(BUCKET).key(key).metadata(metadata), RequestBody.fromBytes(content));
  }

  public byte[] get(String key) {
    return direct.getObjectAsBytes(it -> it.bucket(BUCKET).key(key)).asByteArray();
  }

  public List<String> keys() {
    return direct.listObjectsV2(it -> it.bucket(BUCKET)).contents().stream()
        .map(S3Object::key)
        .toList();
  }

  /** Uploads in parts that are neither completed nor aborted. */
  List<MultipartUpload> uploads() {
    return direct.listMultipartUploads(it -> it.bucket(BUCKET)).uploads();
  }

  void abort(MultipartUpload upload) {
    direct.abortMultipartUpload(
        it -> it.bucket(BUCKET).key(upload.key()).uploadId(upload.uploadId()));
  }

  public List<Request> requests() {
    return List.copyOf(requests);
  }

  /** Requests whose line matches. */
  public List<Request> requests(String line) {
    Pattern pattern = Pattern.compile(line);
    return requests.stream().filter(it -> pattern.matcher(it.line()).find()).toList();
  }

  public void forgetRequests() {
    requests.clear();
  }

  /** Answers requests whose line matches otherwise, a number of times. */
  public void fault(String line, int times, HttpHandler answer) {
    faults.add(new Fault(Pattern.compile(line), new AtomicInteger(times), answer));
  }

  public static HttpHandler status(int status) {
    return exchange -> {
      exchange.getRequestBody().readAllBytes();
      exchange.sendResponseHeaders(status, -1);
    };
  }

  /** Answers as the store does, then cuts the connection after so many bytes of the body. */
  public HttpHandler cutAfter(int bytes) {
    return exchange -> forward(exchange, bytes);
  }

  private void handle(HttpExchange exchange) throws IOException {
    URI uri = exchange.getRequestURI();
    String line =
        exchange.getRequestMethod()
            + " "
            + uri.getRawPath()
            + (uri.getRawQuery() == null ? "" : "?" + uri.getRawQuery());
    requests.add(new Request(line, exchange.getRequestHeaders()));
    try (exchange) {
      for (Fault fault : faults) {
        if (fault.line().matcher(line).find()
            && fault.times().getAndUpdate(it -> Math.max(0, it - 1)) > 0) {
          fault.answer().handle(exchange);
          return;
        }
      }
      forward(exchange, Integer.MAX_VALUE);
    }
  }

  // The host that was signed is the one that the store hears.
  private void forward(HttpExchange exchange, int most) throws IOException {
    Headers headers = exchange.getRequestHeaders();
    HttpUriRequestBase request =
        new HttpUriRequestBase(
            exchange.getRequestMethod(),
            URI.create("http://127.0.0.1:" + proxy.getPort() + exchange.getRequestURI()));
    request.setAuthority(new URIAuthority("127.0.0.1", front.getAddress().getPort()));
    headers.forEach(
        (name, values) -> {
          if (!NOT_FORWARDED.contains(name.toLowerCase(Locale.ROOT))) {
            values.forEach(value -> request.addHeader(name, value));
          }
        });
    String length = headers.getFirst("Content-Length");
    if (length != null) {
      request.setEntity(
          new InputStreamEntity(
              exchange.getRequestBody(), Long.parseLong(length), (ContentType) null));
    }
    try (ClassicHttpResponse answer =
        forward.executeOpen(new HttpHost("127.0.0.1", proxy.getPort()), request, null)) {
      answer(exchange, answer, most);
    }
  }

  private static void answer(HttpExchange exchange, ClassicHttpResponse answer, int most)
      throws IOException {
    for (Header header : answer.getHeaders()) {
      if (!NOT_FORWARDED.contains(header.getName().toLowerCase(Locale.ROOT))) {
        exchange.getResponseHeaders().add(header.getName(), header.getValue());
      }
    }
    Header length = answer.getFirstHeader("Content-Length");
    if (exchange.getRequestMethod().equals("HEAD") || answer.getEntity() == null) {
      if (length != null) {
        exchange.getResponseHeaders().set("Content-Length", length.getValue());
      }
      exchange.sendResponseHeaders(answer.getCode(), -1);
      return;
    }
    exchange.sendResponseHeaders(
        answer.getCode(), length == null ? 0 : Math.max(0, Long.parseLong(length.getValue())));
    try (InputStream body = answer.getEntity().getContent()) {
      copy(body, exchange.getResponseBody(), most);
    }
  }

  private static void copy(InputStream from, OutputStream to, int most) throws IOException {
    if (most == Integer.MAX_VALUE) {
      from.transferTo(to);
    } else {
      to.write(from.readNBytes(most));
      to.flush();
      throw new IOException("cut");
    }
  }

  /** Closes it, where a class of tests registers it. */
  @Override
  public void afterAll(ExtensionContext context) {
    close();
  }

  @Override
  public void close() {
    front.stop(0);
    threads.shutdownNow();
    direct.close();
    try {
      forward.close();
      proxy.stop();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }
}
