package org.alphaquant.scheme;

/**
 * Fields for the modules whose names a pattern matches.
 *
 * @param pattern glob over module names
 * @param fields the fields that it sets
 * @param comment of the client, or null
 */
public record SchemeOverride(Glob pattern, SchemeFields fields, String comment) {}
