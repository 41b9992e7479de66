package org.alphaquant.chat;

import java.util.List;

/** The variable {@code loop}: where a loop is. */
class LoopState {

  private final List<Object> elements;
  private final int depth;
  private final Budget budget;
  private int index = -1;
  private List<Object> last;

  LoopState(List<Object> elements, int depth, Budget budget) {
    this.budget = budget;
    this.elements = elements;
    this.depth = depth;
  }

  void advance() {
    index++;
  }

  Object attribute(String name) {
    return switch (name) {
      case "index" -> index + 1L;
      case "index0" -> (long) index;
      case "revindex" -> (long) elements.size() - index;
      case "revindex0" -> elements.size() - index - 1L;
      case "first" -> index == 0;
      case "last" -> index == elements.size() - 1;
      case "length" -> (long) elements.size();
      case "depth" -> depth + 1L;
      case "depth0" -> (long) depth;
      case "previtem" -> element(index - 1);
      case "nextitem" -> element(index + 1);
      case "cycle" -> (Callable) arguments -> cycle(arguments.positional());
      case "changed" -> (Callable) arguments -> changed(arguments.positional());
      default -> Undefined.VALUE;
    };
  }

  private Object element(int at) {
    return at < 0 || at >= elements.size() ? Undefined.VALUE : elements.get(at);
  }

  private Object cycle(List<Object> values) {
    if (values.isEmpty()) {
      throw new TemplateException("loop.cycle() needs a value");
    }
    return values.get(index % values.size());
  }

  private boolean changed(List<Object> values) {
    boolean same = last != null && Comparison.equal(values, last, budget);
    last = values;
    return !same;
  }

  /** The same, as a function that runs the loop's body over other elements. */
  LoopState calling(ForLoop loop, Scope scope) {
    return new Recursive(this, loop, scope);
  }

  private static final class Recursive extends LoopState implements Callable {
    private final LoopState state;
    private final ForLoop loop;
    private final Scope scope;

    Recursive(LoopState state, ForLoop loop, Scope scope) {
      super(state.elements, state.depth, scope.budget());
      this.state = state;
      this.loop = loop;
      this.scope = scope;
    }

    @Override
    Object attribute(String name) {
      return state.attribute(name);
    }

    @Override
    public Object call(Arguments arguments) {
      TextSink out = new TextSink(scope.budget());
      loop.run(scope, out, arguments.required(0, "elements"), state.depth + 1);
      return out.toString();
    }
  }
}
