package org.alphaquant.hub;

import java.nio.file.Path;

/**
 * A commit of a repository in a cache.
 *
 * @param reference pinned to the commit
 * @param folder of its files, which may be links
 * @param complete whether it has all that a run needs
 * @param owned whether it lies in the cache that this service writes to
 */
public record CachedModel(HubReference reference, Path folder, boolean complete, boolean owned) {}
