package org.alphaquant.chat;

/** A test, which follows {@code is}. */
@FunctionalInterface
interface ValueTest {

  boolean holds(Object value, Arguments arguments, Budget budget);
}
