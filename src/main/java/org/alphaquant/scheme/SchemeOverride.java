package org.alphaquant.scheme;

/**
 * Fields for the modules whose names a pattern matches.
 *
 * @param pattern glob over module names
 * @param fields what it sets
 * @param comment the writer's own, or null
 */
public record SchemeOverride(Glob pattern, SchemeFields fields, String comment) {}
