package org.alphaquant.api.edge;

import jakarta.servlet.AsyncContext;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.Filter;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.servlet.http.HttpServletResponseWrapper;
import java.io.IOException;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.alphaquant.api.problem.ProblemType;
import org.alphaquant.api.problem.Problems;
import org.alphaquant.api.problem.RequestId;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads request bodies without blocking a thread. Otherwise a few hundred clients that announce a
 * body and do not send it would occupy all threads, including those for probes. File uploads are
 * streamed and not buffered here.
 */
final class BodyFilter implements Filter, AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(BodyFilter.class);
  private static final String FILES = "/v1/files";
  private static final String BODY = BodyFilter.class.getName();
  private static final long BYTES_PER_SECOND = 8 * 1024;
  private static final int MAX_WAITING = 4000;
  private static final int MAX_WAITING_OF_ADDRESS = 1000;

  private final long limit;
  private final long patienceNanos;
  private final Set<ArrivingBody> arriving = ConcurrentHashMap.newKeySet();
  private final Map<String, AtomicInteger> waiting = new ConcurrentHashMap<>();
  private final ScheduledExecutorService clock =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread thread = new Thread(task, "slow-bodies");
            thread.setDaemon(true);
            return thread;
          });

  BodyFilter(ApiSettings settings) {
    this.limit = settings.maxBody().toBytes();
    this.patienceNanos = settings.bodyPatience().toNanos();
    clock.scheduleWithFixedDelay(this::check, 1, 1, TimeUnit.SECONDS);
  }

  private void check() {
    for (ArrivingBody body : arriving) {
      try {
        body.check(patienceNanos, BYTES_PER_SECOND);
      } catch (RuntimeException e) {
        log.error("A slow body could not be given up", e);
      }
    }
  }

  @Override
  public void doFilter(ServletRequest request, ServletResponse response, FilterChain chain)
      throws IOException, ServletException {
    HttpServletRequest http = (HttpServletRequest) request;
    Answer answer = new Answer((HttpServletResponse) response, http);
    if (http.getAttribute(BODY) instanceof byte[] body) {
      http.removeAttribute(BODY);
      chain.doFilter(new BufferedRequest(http, body), answer);
    } else if (http.getDispatcherType() != DispatcherType.REQUEST || !hasBody(http)) {
      chain.doFilter(request, response);
    } else if (arriving.size() >= MAX_WAITING || isCrowded(http.getRemoteAddr())) {
      String detail = "Too many request bodies are being received; try again in a moment.";
      refuseQuietly(http, answer, ProblemType.SERVICE_UNAVAILABLE, detail);
    } else {
      await(http, answer);
    }
  }

  private static boolean hasBody(HttpServletRequest request) {
    boolean announced =
        request.getContentLengthLong() > 0 || request.getHeader("Transfer-Encoding") != null;
    return announced && !request.getRequestURI().startsWith(FILES);
  }

  private boolean isCrowded(String address) {
    AtomicInteger count = waiting.get(address);
    return count != null && count.get() >= MAX_WAITING_OF_ADDRESS;
  }

  private void await(HttpServletRequest request, Answer response) throws IOException {
    String address = request.getRemoteAddr();
    AsyncContext async = request.startAsync(request, response);
    // The clock above gives up slow bodies; handling the request has no time limit.
    async.setTimeout(0);
    waiting.computeIfAbsent(address, it -> new AtomicInteger()).incrementAndGet();
    ArrivingBody[] body = new ArrivingBody[1];
    body[0] =
        new ArrivingBody(
            request.getInputStream(),
            limit,
            new ArrivingBody.End() {
              @Override
              public void whole(byte[] bytes) {
                left(body[0], address);
                request.setAttribute(BODY, bytes);
                async.dispatch();
              }

              @Override
              public void tooLong() {
                left(body[0], address);
                refuse(async, request, response, ProblemType.CONTENT_TOO_LARGE, tooLongText());
              }

              @Override
              public void tooSlow() {
                left(body[0], address);
                String detail =
                    "The body arrived more slowly than %d bytes a second."
                        .formatted(BYTES_PER_SECOND);
                refuse(async, request, response, ProblemType.REQUEST_TIMEOUT, detail);
              }

              @Override
              public void gone() {
                left(body[0], address);
                async.complete();
              }
            });
    arriving.add(body[0]);
    request.getInputStream().setReadListener(body[0]);
  }

  private String tooLongText() {
    return new BodyTooLargeException(limit).getMessage();
  }

  private void left(ArrivingBody body, String address) {
    arriving.remove(body);
    waiting.computeIfPresent(address, (it, count) -> count.decrementAndGet() <= 0 ? null : count);
  }

  private static void refuse(
      AsyncContext async,
      HttpServletRequest request,
      HttpServletResponse response,
      ProblemType type,
      String detail) {
    // Otherwise the rest of the body would be read as the next request.
    response.setHeader("Connection", "close");
    refuseQuietly(request, response, type, detail);
    async.complete();
  }

  private static void refuseQuietly(
      HttpServletRequest request, HttpServletResponse response, ProblemType type, String detail) {
    try {
      if (!response.isCommitted()) {
        RequestId.mark(request, response);
        Problems.write(type, detail, request, response);
      }
    } catch (IOException gone) {
      log.debug("The client left: {}", gone.getMessage());
    }
  }

  @Override
  public void close() {
    clock.shutdownNow();
  }

  /** The container writes no error pages for asynchronous requests. */
  private static final class Answer extends HttpServletResponseWrapper {
    private final HttpServletRequest request;

    private Answer(HttpServletResponse response, HttpServletRequest request) {
      super(response);
      this.request = request;
    }

    @Override
    public void sendError(int status) throws IOException {
      ProblemType type = ProblemType.ofStatus(status);
      Problems.write(type, type.title() + ".", request, this);
    }

    @Override
    public void sendError(int status, String message) throws IOException {
      sendError(status);
    }
  }
}
