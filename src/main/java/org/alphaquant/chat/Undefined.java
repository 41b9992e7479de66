package org.alphaquant.chat;

/** The value of a name that nothing was given for. Prints as nothing and holds nothing. */
enum Undefined {
  VALUE;

  @Override
  public String toString() {
    return "";
  }
}
