package org.alphaquant.api.edge;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Set;
import org.alphaquant.api.problem.ProblemType;
import org.alphaquant.api.problem.Problems;
import org.alphaquant.security.AllowedHosts;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.http.HttpHeaders;
import org.springframework.stereotype.Component;
import org.springframework.web.filter.OncePerRequestFilter;

/**
 * Rejects requests for unknown hosts and state-changing requests from other sites: checks the Host
 * header (RFC 9110, section 7.4), Origin and Sec-Fetch-Site (Fetch Metadata).
 */
@Component
@ConditionalOnWebApplication
@Order(Ordered.HIGHEST_PRECEDENCE + 80)
class HostFilter extends OncePerRequestFilter {
  private static final Set<String> READING = Set.of("GET", "HEAD", "OPTIONS");

  private final AllowedHosts hosts;

  HostFilter(AllowedHosts hosts) {
    this.hosts = hosts;
  }

  @Override
  protected void doFilterInternal(
      HttpServletRequest request, HttpServletResponse response, FilterChain chain)
      throws ServletException, IOException {
    String host = request.getHeader(HttpHeaders.HOST);
    if (!hosts.serves(host, request.getLocalAddr())) {
      String detail =
          "The host %s is not allowed; alphaquant.security.allowed-hosts lists further names."
              .formatted(host);
      Problems.write(ProblemType.MISDIRECTED_REQUEST, detail, request, response);
    } else if (isForeign(request, host)) {
      String detail =
          "A page of another site may not send %s requests.".formatted(request.getMethod());
      Problems.write(ProblemType.FOREIGN_ORIGIN, detail, request, response);
    } else {
      chain.doFilter(request, response);
    }
  }

  private boolean isForeign(HttpServletRequest request, String host) {
    String origin = request.getHeader(HttpHeaders.ORIGIN);
    if (origin != null && !hosts.isOwnOrigin(origin, host)) {
      return true;
    }
    return "cross-site".equals(request.getHeader("Sec-Fetch-Site"))
        && !READING.contains(request.getMethod());
  }
}
