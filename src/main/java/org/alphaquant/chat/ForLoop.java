package org.alphaquant.chat;

import java.util.ArrayList;
import java.util.List;

/**
 * A {@code for} tag.
 *
 * @param condition which elements are taken; null for all
 * @param recursive whether {@code loop(…)} runs the body over other elements
 * @param otherwise what runs where there is no element
 */
record ForLoop(
    Target target,
    Expression elements,
    Expression condition,
    boolean recursive,
    List<Statement> body,
    List<Statement> otherwise)
    implements Statement {

  @Override
  public Flow run(Scope scope, TextSink out) {
    return run(scope, out, elements.evaluate(scope), 0);
  }

  Flow run(Scope scope, TextSink out, Object over, int depth) {
    List<Object> taken = taken(scope, Values.elements(over));
    if (taken.isEmpty()) {
      return Statement.runAll(otherwise, scope, out);
    }
    LoopState state = new LoopState(taken, depth, scope.budget());
    scope.budget().enter();
    for (Object element : taken) {
      Scope inner = scope.inner();
      state.advance();
      inner.put("loop", recursive ? state.calling(this, scope) : state);
      target.assign(inner, element);
      if (Statement.runAll(body, inner, out) == Flow.BREAK) {
        break;
      }
    }
    scope.budget().leave();
    return Flow.NEXT;
  }

  private List<Object> taken(Scope scope, List<Object> all) {
    scope.budget().elements(all.size());
    if (condition == null) {
      return all;
    }
    List<Object> taken = new ArrayList<>();
    for (Object element : all) {
      Scope inner = scope.inner();
      target.assign(inner, element);
      if (Values.isTrue(condition.evaluate(inner))) {
        taken.add(element);
      }
    }
    return taken;
  }
}
