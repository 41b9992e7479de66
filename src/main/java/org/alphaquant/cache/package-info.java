/**
 * Models and data sets that came from elsewhere: downloaded into the layout that the Python
 * libraries share, each file by one process, compared with its hash, kept while it is in use and
 * let go of when room is needed.
 *
 * <p>Source of the layout: the hub's documentation ({@code hub/local-cache.md}). What comes from
 * outside (names, sizes, paths) is checked before it is used; whether a file is right is decided by
 * the hashes in its version's own list of files.
 */
package org.alphaquant.cache;
