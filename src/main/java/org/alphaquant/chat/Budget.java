package org.alphaquant.chat;

import java.util.Collection;

/**
 * The budget of one rendering. Every step of the interpreter costs one unit; every list or text
 * that it creates costs by its size, so that no template, however short, can run long or exhaust
 * the memory.
 */
final class Budget {

  /** Steps of one rendering; a conversation of a hundred turns takes some ten thousand. */
  static final long MAX_STEPS = 10_000_000;

  /** Characters of any one text, the result included. */
  static final int MAX_CHARACTERS = 10_000_000;

  /** Largest number of elements of a list that a template creates. */
  static final int MAX_ELEMENTS = 100_000;

  /** Macros, loops and values within each other. */
  static final int MAX_DEPTH = 200;

  private static final int CHARACTERS_PER_STEP = 32;

  private long steps;
  private int depth;

  void step() {
    spend(1);
  }

  /** Counts a text that was made. */
  String made(String text) {
    characters(text.length());
    return text;
  }

  /** Counts a text before it is made. */
  void characters(long count) {
    if (count > MAX_CHARACTERS) {
      throw new TemplateException(
          "the template makes a text of %d characters; the limit is %d"
              .formatted(count, MAX_CHARACTERS));
    }
    spend(count / CHARACTERS_PER_STEP);
  }

  /** Counts a list before it is made. */
  void elements(long count) {
    if (count > MAX_ELEMENTS) {
      throw new TemplateException(
          "the template makes a list of %d elements; the limit is %d"
              .formatted(count, MAX_ELEMENTS));
    }
    spend(count);
  }

  /** Charges an iteration over a value. */
  void read(Object value) {
    if (value instanceof String text) {
      spend(1 + text.length() / CHARACTERS_PER_STEP);
    } else {
      spend(1 + (value instanceof Collection<?> elements ? elements.size() : 0));
    }
  }

  void enter() {
    if (++depth > MAX_DEPTH) {
      throw tooDeep();
    }
  }

  void leave() {
    depth--;
  }

  static TemplateException tooDeep() {
    return new TemplateException("the template nests deeper than " + MAX_DEPTH + " levels");
  }

  private void spend(long count) {
    steps += count;
    if (steps > MAX_STEPS) {
      throw new TemplateException("the template takes more than " + MAX_STEPS + " steps");
    }
  }
}
