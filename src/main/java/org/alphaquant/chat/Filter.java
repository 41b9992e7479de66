package org.alphaquant.chat;

/** What stands after a vertical bar: makes one value of another. */
@FunctionalInterface
interface Filter {

  Object apply(Object value, Arguments arguments, Budget budget);
}
