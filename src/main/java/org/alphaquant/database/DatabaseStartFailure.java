package org.alphaquant.database;

import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

/** Reports a failed start by the exception's message instead of a stack trace. */
class DatabaseStartFailure extends AbstractFailureAnalyzer<DatabaseStartException> {

  @Override
  protected FailureAnalysis analyze(Throwable root, DatabaseStartException cause) {
    return new FailureAnalysis(cause.getMessage(), null, cause);
  }
}
