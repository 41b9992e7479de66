/**
 * The cache of models and data sets: in the layout of the Python libraries, each file downloaded by
 * one process and compared with its hash, kept while in use and evicted when room is needed.
 *
 * <p>Source of the layout: the hub's documentation ({@code hub/local-cache.md}). What comes from
 * outside (names, sizes, paths) is checked before it is used; whether a file is right is decided by
 * the hashes in its version's own list of files.
 */
package org.alphaquant.cache;
