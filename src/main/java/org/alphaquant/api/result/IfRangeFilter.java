package org.alphaquant.api.result;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Collections;
import java.util.Enumeration;
import org.springframework.http.HttpHeaders;
import org.springframework.stereotype.Component;
import org.springframework.web.filter.OncePerRequestFilter;

/**
 * Removes {@code Range} where {@code If-Range} names another version of the file, because Spring
 * answers such a request with a part of the new file, which the client would append to the old.
 */
@Component
class IfRangeFilter extends OncePerRequestFilter {

  @Override
  protected boolean shouldNotFilter(HttpServletRequest request) {
    return request.getHeader(HttpHeaders.RANGE) == null
        || request.getHeader(HttpHeaders.IF_RANGE) == null;
  }

  @Override
  protected void doFilterInternal(
      HttpServletRequest request, HttpServletResponse response, FilterChain chain)
      throws ServletException, IOException {
    chain.doFilter(new ConditionalRange(request), response);
  }

  /** Call this once the ETag of the response is known. */
  static void apply(HttpServletRequest request, String etag) {
    boolean same = etag.equals(request.getHeader(HttpHeaders.IF_RANGE));
    request.setAttribute(ConditionalRange.ALLOWED, same);
  }

  private static final class ConditionalRange extends HttpServletRequestWrapper {

    private static final String ALLOWED = ConditionalRange.class.getName();

    private ConditionalRange(HttpServletRequest request) {
      super(request);
    }

    @Override
    public String getHeader(String name) {
      return hidden(name) ? null : super.getHeader(name);
    }

    @Override
    public Enumeration<String> getHeaders(String name) {
      return hidden(name) ? Collections.emptyEnumeration() : super.getHeaders(name);
    }

    @Override
    public Enumeration<String> getHeaderNames() {
      return Collections.enumeration(
          Collections.list(super.getHeaderNames()).stream().filter(name -> !hidden(name)).toList());
    }

    private boolean hidden(String name) {
      return HttpHeaders.RANGE.equalsIgnoreCase(name)
          && Boolean.FALSE.equals(getAttribute(ALLOWED));
    }
  }
}
