/**
 * Chat templates: the language in which models define how a conversation is rendered as text. It is
 * the part of Jinja that transformers' {@code apply_chat_template} sets up (trimmed blocks, loop
 * controls, {@code generation}, {@code raise_exception}, {@code strftime_now}, an own {@code
 * tojson}), run in an interpreter of its own.
 *
 * <p>A template is an untrusted program. It can only read the values that it is given and is
 * bounded in steps, in the text it makes and in depth ({@link org.alphaquant.chat.Budget}).
 *
 * <p>Sources: the Jinja template designer documentation, version 3.1, and transformers' {@code
 * utils/chat_template_utils.py}, version 5.
 */
package org.alphaquant.chat;
