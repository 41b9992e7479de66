package org.alphaquant.job;

import java.util.List;

/**
 * One thing that is wrong with a specification.
 *
 * @param pointer JSON pointer into the request, for example {@code /config/overrides/0/pattern}
 * @param value what was given, or null
 * @param detail names the thing, the value and the limit
 * @param allowed the values allowed, where they can be listed
 */
public record SpecProblem(String pointer, String value, String detail, List<String> allowed) {
  public SpecProblem {
    allowed = allowed == null ? List.of() : List.copyOf(allowed);
  }
}
