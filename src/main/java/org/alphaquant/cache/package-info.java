/**
 * The cache of models and data sets: in the layout of the Python libraries, each file downloaded by
 * one process and compared with its hash, kept while in use and evicted when space is needed.
 *
 * <p>Source of the layout: the hub's documentation ({@code hub/local-cache.md}). Names, sizes and
 * paths from outside are checked before use; a file is verified against the hashes in its version's
 * list of files.
 */
package org.alphaquant.cache;
