package org.alphaquant.cache;

import java.util.List;

/** Where versions are downloaded from. What it says of names and sizes is checked by the cache. */
public interface Origin {

  /**
   * All files of a version.
   *
   * @throws FetchException if it may not be asked, or does not tell
   */
  List<RemoteFile> files(Version version, Patience patience);

  /** The content of one of them; nothing is asked for yet. */
  RemoteContent content(Version version, RemoteFile file);
}
