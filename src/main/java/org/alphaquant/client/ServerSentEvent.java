package org.alphaquant.client;

/**
 * One event of a stream.
 *
 * @param id number to resume after; empty where the stream gave none
 * @param type {@code message} where the stream gave none
 * @param data its lines, joined by line feeds
 */
record ServerSentEvent(String id, String type, String data) {}
