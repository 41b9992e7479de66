/**
 * Models and data sets of the Hugging Face hub: asked for by name, pinned to a commit, downloaded
 * into the standard cache that the Python libraries share, and let go of when room is needed.
 *
 * <p>Sources: the hub's documentation ({@code hub/local-cache.md}, {@code hub/rate-limits.md},
 * {@code hub/models-downloading.md}) and what huggingface_hub 1.33 sends and expects. What comes
 * from outside (names, sizes, paths, redirects) is checked before it is used; whether a file is
 * right is decided by the hashes in the commit's own list of files, never by the server that the
 * bytes come from.
 */
package org.alphaquant.hub;
