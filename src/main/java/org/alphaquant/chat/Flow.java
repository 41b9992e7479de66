package org.alphaquant.chat;

/** How a statement leaves the loop around it. */
enum Flow {
  NEXT,
  CONTINUE,
  BREAK
}
