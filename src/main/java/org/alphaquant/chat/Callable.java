package org.alphaquant.chat;

/** Something that a template calls: a macro, a method of a value, a function of the language. */
interface Callable {

  Object call(Arguments arguments);
}
