package org.alphaquant.chat;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A function that a template defines.
 *
 * @param scope where it was defined
 */
record Macro(String name, Parameters parameters, List<Statement> body, Scope scope)
    implements Callable {

  @Override
  public Object call(Arguments arguments) {
    return calledBy(null, arguments);
  }

  /** The rendered text; the caller is the body of a call block. */
  String calledBy(Macro caller, Arguments arguments) {
    Budget budget = scope.budget();
    budget.enter();
    Scope inner = scope.inner();
    if (caller != null) {
      inner.put("caller", caller);
    }
    int taken = parameters.names().size();
    inner.put("varargs", new Tuple(arguments.after(taken).positional()));
    Map<String, Object> rest = new LinkedHashMap<>(arguments.named());
    rest.keySet().removeAll(parameters.names());
    inner.put("kwargs", rest);
    parameters.bind(inner, arguments);
    String text = Statement.text(body, inner);
    budget.leave();
    return text;
  }
}
