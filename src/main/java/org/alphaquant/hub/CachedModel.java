package org.alphaquant.hub;

import java.nio.file.Path;

/**
 * A repository's commit that is in a cache.
 *
 * @param reference pinned to the commit
 * @param folder where its files are, as links perhaps
 * @param complete whether all that a run needs is there
 * @param owned whether the cache is the one that this service writes to
 */
public record CachedModel(HubReference reference, Path folder, boolean complete, boolean owned) {}
