package org.alphaquant.chat;

/** A filter, which follows a vertical bar and maps a value to another. */
@FunctionalInterface
interface Filter {

  Object apply(Object value, Arguments arguments, Budget budget);
}
