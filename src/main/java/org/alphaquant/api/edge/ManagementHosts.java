package org.alphaquant.api.edge;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.alphaquant.api.problem.ProblemType;
import org.alphaquant.api.problem.Problems;
import org.alphaquant.security.AllowedHosts;
import org.springframework.boot.actuate.autoconfigure.web.ManagementContextConfiguration;
import org.springframework.boot.actuate.autoconfigure.web.ManagementContextType;
import org.springframework.boot.tomcat.servlet.TomcatServletWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.web.filter.OncePerRequestFilter;

/**
 * The management port, which has separate filters: checks the Host header, answers with problems.
 */
@ManagementContextConfiguration(value = ManagementContextType.CHILD, proxyBeanMethods = false)
class ManagementHosts {

  @Bean
  HostFilter managementHostFilter(AllowedHosts hosts) {
    return new HostFilter(hosts);
  }

  @Bean
  WebServerFactoryCustomizer<TomcatServletWebServerFactory> managementProblems() {
    return ProblemReportValve::addTo;
  }

  @Bean
  OncePerRequestFilter errorPathFilter() {
    return new ErrorPathFilter();
  }

  /** The path that the container forwards errors to is not for clients. */
  private static final class ErrorPathFilter extends OncePerRequestFilter {

    @Override
    protected boolean shouldNotFilter(HttpServletRequest request) {
      return !request.getRequestURI().equals(request.getContextPath() + "/error");
    }

    @Override
    protected void doFilterInternal(
        HttpServletRequest request, HttpServletResponse response, FilterChain chain)
        throws ServletException, IOException {
      Problems.write(ProblemType.NOT_FOUND, ProblemType.NOT_FOUND.title() + ".", request, response);
    }
  }
}
