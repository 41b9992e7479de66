package org.alphaquant.api.edge;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.alphaquant.api.json.StorableText;
import org.alphaquant.api.problem.ProblemException;
import org.alphaquant.api.problem.ProblemType;
import org.alphaquant.problem.Problem;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.stereotype.Component;
import org.springframework.web.filter.OncePerRequestFilter;
import org.springframework.web.servlet.HandlerExceptionResolver;
import org.springframework.web.util.UriUtils;

/** Rejects paths and parameters with text that PostgreSQL cannot store. */
@Component
@ConditionalOnWebApplication
@Order(Ordered.HIGHEST_PRECEDENCE + 90)
class StorableTextFilter extends OncePerRequestFilter {
  private final HandlerExceptionResolver problems;

  StorableTextFilter(
      @Qualifier("handlerExceptionResolver") HandlerExceptionResolver handlerExceptionResolver) {
    this.problems = handlerExceptionResolver;
  }

  @Override
  protected void doFilterInternal(
      HttpServletRequest request, HttpServletResponse response, FilterChain chain)
      throws ServletException, IOException {
    List<Problem> faults = faults(request);
    if (faults.isEmpty()) {
      chain.doFilter(request, response);
    } else {
      ProblemException problem = new ProblemException(ProblemType.INVALID_PARAMETER, faults);
      problems.resolveException(request, response, null, problem);
    }
  }

  private static List<Problem> faults(HttpServletRequest request) {
    List<Problem> faults = new ArrayList<>();
    check(faults, "path", request.getRequestURI());
    String query = request.getQueryString();
    for (String pair : query == null ? new String[0] : query.split("&")) {
      String[] parts = pair.split("=", 2);
      String name = decoded(parts[0]);
      check(faults, name == null ? "query" : shown(name), parts[0]);
      check(faults, name == null ? "query" : shown(name), parts.length == 2 ? parts[1] : "");
    }
    return faults;
  }

  private static void check(List<Problem> faults, String name, String encoded) {
    String text = decoded(encoded);
    String fault =
        text == null
            ? "must be UTF-8, with %XX for what an address cannot hold"
            : StorableText.fault(text);
    if (fault != null) {
      faults.add(Problem.error(StorableText.CODE, name, encoded, fault));
    }
  }

  /** Null if the encoding is invalid. */
  private static String decoded(String encoded) {
    try {
      String text = UriUtils.decode(encoded.replace('+', ' '), StandardCharsets.UTF_8);
      return text.indexOf('\uFFFD') >= 0 && !encoded.contains("%EF%BF%BD") ? null : text;
    } catch (IllegalArgumentException broken) {
      return null;
    }
  }

  private static String shown(String name) {
    return name.replaceAll("\\p{Cntrl}", "?");
  }
}
