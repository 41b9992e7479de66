package org.alphaquant.api.edge;

import jakarta.servlet.AsyncEvent;
import jakarta.servlet.AsyncListener;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.regex.Pattern;
import org.alphaquant.security.KeyWatch;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.stereotype.Component;
import org.springframework.web.filter.OncePerRequestFilter;

/** Ends downloads whose key is revoked or expires. */
@Component
@ConditionalOnWebApplication
@Order(Ordered.LOWEST_PRECEDENCE)
class DownloadFilter extends OncePerRequestFilter {
  private static final Pattern DOWNLOAD =
      Pattern.compile(".*/v1/jobs/[^/]+/(artifacts/.+|artifacts\\.tar|log)");

  private final KeyWatch watch;

  DownloadFilter(KeyWatch watch) {
    this.watch = watch;
  }

  @Override
  protected boolean shouldNotFilter(HttpServletRequest request) {
    return !DOWNLOAD.matcher(request.getRequestURI()).matches();
  }

  @Override
  protected void doFilterInternal(
      HttpServletRequest request, HttpServletResponse response, FilterChain chain)
      throws ServletException, IOException {
    RevocableResponse revocable = new RevocableResponse(response, Connection.of(request));
    Runnable unwatch = watch.watch(revocable::revoke);
    boolean goesOn = false;
    try {
      chain.doFilter(request, revocable);
      goesOn = request.isAsyncStarted();
    } finally {
      if (goesOn) {
        request.getAsyncContext().addListener(new AtEnd(unwatch));
      } else {
        unwatch.run();
      }
    }
  }

  private record AtEnd(Runnable end) implements AsyncListener {

    @Override
    public void onComplete(AsyncEvent event) {
      end.run();
    }

    @Override
    public void onTimeout(AsyncEvent event) {
      // It completes afterwards.
    }

    @Override
    public void onError(AsyncEvent event) {
      // It completes afterwards.
    }

    @Override
    public void onStartAsync(AsyncEvent event) {
      event.getAsyncContext().addListener(this);
    }
  }
}
