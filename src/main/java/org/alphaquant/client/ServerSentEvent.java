package org.alphaquant.client;

/**
 * One event of a stream.
 *
 * @param id number to resume after; empty without one
 * @param type {@code message} by default
 * @param data its lines, joined by line feeds
 */
record ServerSentEvent(String id, String type, String data) {}
