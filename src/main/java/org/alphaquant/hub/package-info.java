/**
 * Models and data sets of the Hugging Face hub: resolved by name, pinned to a commit, downloaded
 * into the standard cache shared with the Python libraries, and evicted when space is needed.
 *
 * <p>Sources: the hub's documentation ({@code hub/local-cache.md}, {@code hub/rate-limits.md},
 * {@code hub/models-downloading.md}) and what huggingface_hub 1.33 sends and expects. Names, sizes,
 * paths and redirects from outside are checked before use; a file is verified against the hashes in
 * the commit's list of files, whichever server sent its bytes.
 */
package org.alphaquant.hub;
