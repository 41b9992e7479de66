package org.alphaquant;

import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.web.server.PortInUseException;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.core.env.Environment;

/** Says which of the two ports is taken, and which property moves it. */
@Order(Ordered.HIGHEST_PRECEDENCE)
final class PortTakenAnalyzer extends AbstractFailureAnalyzer<PortInUseException> {
  private final Environment environment;

  PortTakenAnalyzer(Environment environment) {
    this.environment = environment;
  }

  @Override
  protected FailureAnalysis analyze(Throwable failure, PortInUseException cause) {
    int port = cause.getPort();
    boolean api = Integer.toString(port).equals(environment.getProperty("server.port"));
    String property = api ? "server.port" : "management.server.port";
    return new FailureAnalysis(
        "Port %d, %s, is taken by another program.".formatted(port, property),
        "End that program, or choose another port with --%s=<port>.".formatted(property),
        cause);
  }
}
