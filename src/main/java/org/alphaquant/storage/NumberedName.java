package org.alphaquant.storage;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * A module name taken apart: {@code model.layers.3.mlp.experts.5.up_proj} has the template {@code
 * model.layers.#.mlp.experts.#.up_proj} and the numbers 3 and 5.
 */
record NumberedName(List<String> template, List<Integer> numbers) {
  static final String NUMBER = "#";

  private static final Pattern NUMERIC = Pattern.compile("\\d{1,9}");

  static NumberedName of(String name) {
    List<String> template = new ArrayList<>();
    List<Integer> numbers = new ArrayList<>();
    for (String segment : name.split("\\.", -1)) {
      boolean number = NUMERIC.matcher(segment).matches();
      template.add(number ? NUMBER : segment);
      if (number) {
        numbers.add(Integer.valueOf(segment));
      }
    }
    return new NumberedName(List.copyOf(template), List.copyOf(numbers));
  }
}
