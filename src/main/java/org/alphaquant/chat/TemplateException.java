package org.alphaquant.chat;

/** A template that cannot be read or that fails on a conversation; the message says why. */
public final class TemplateException extends RuntimeException {

  TemplateException(String message) {
    super(message);
  }
}
