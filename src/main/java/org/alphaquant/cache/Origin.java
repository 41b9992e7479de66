package org.alphaquant.cache;

import java.util.List;

/**
 * The origin of downloads: the hub or a store. The cache checks the names and sizes that it
 * reports.
 */
public interface Origin {

  /**
   * All files of a version.
   *
   * @throws FetchException if it is not permitted or does not answer
   */
  List<RemoteFile> files(Version version, Patience patience);

  /** The content of a file; sends no request yet. */
  RemoteContent content(Version version, RemoteFile file);
}
