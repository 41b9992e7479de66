package org.alphaquant.security;

import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

/** Explains the failed start instead of printing a stack trace. */
final class AnonymousAccessFailureAnalyzer
    extends AbstractFailureAnalyzer<AnonymousAccessException> {

  @Override
  protected FailureAnalysis analyze(Throwable failure, AnonymousAccessException cause) {
    return new FailureAnalysis(
        cause.getMessage(),
        "Make a key with 'java -jar alphaquant-server.jar create-key --owner=<name>"
            + " --scopes=read,write,admin', listen on this machine only with"
            + " --server.address=127.0.0.1, or, on a network that you trust, set"
            + " --alphaquant.security.allow-anonymous=true.",
        cause);
  }
}
