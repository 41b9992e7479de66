package org.alphaquant.store;

/**
 * An object as a listing shows it.
 *
 * @param path below the place that was listed
 * @param key in the bucket
 * @param etag without quotation marks; changes with the content
 */
record StoredObject(String path, String key, long size, String etag) {}
