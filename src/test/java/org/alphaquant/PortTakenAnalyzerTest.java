package org.alphaquant;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.web.server.PortInUseException;
import org.springframework.mock.env.MockEnvironment;

class PortTakenAnalyzerTest {

  @Test
  void thePropertyOfThePortIsNamed() {
    assertThat(analysis(8080).getDescription())
        .isEqualTo("Port 8080, server.port, is taken by another program.");
    assertThat(analysis(8080).getAction()).contains("--server.port=<port>");
    assertThat(analysis(8081).getDescription()).contains("Port 8081, management.server.port,");
    assertThat(analysis(8081).getAction()).contains("--management.server.port=<port>");
  }

  private static FailureAnalysis analysis(int port) {
    MockEnvironment environment = new MockEnvironment().withProperty("server.port", "8080");
    return new PortTakenAnalyzer(environment).analyze(new PortInUseException(port));
  }
}
