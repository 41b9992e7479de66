package org.alphaquant.chat;

/** What stands after {@code is}. */
@FunctionalInterface
interface ValueTest {

  boolean holds(Object value, Arguments arguments, Budget budget);
}
