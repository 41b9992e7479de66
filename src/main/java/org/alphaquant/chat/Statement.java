package org.alphaquant.chat;

import java.util.List;

/** A piece of a template that writes text or changes the scope. */
@FunctionalInterface
interface Statement {

  Flow run(Scope scope, TextSink out);

  /** Runs them one after the other, until one leaves the loop around. */
  static Flow runAll(List<Statement> statements, Scope scope, TextSink out) {
    for (Statement statement : statements) {
      scope.budget().step();
      Flow flow = statement.run(scope, out);
      if (flow != Flow.NEXT) {
        return flow;
      }
    }
    return Flow.NEXT;
  }

  /** Renders the statements. */
  static String text(List<Statement> statements, Scope scope) {
    TextSink out = new TextSink(scope.budget());
    runAll(statements, scope, out);
    return out.toString();
  }
}
