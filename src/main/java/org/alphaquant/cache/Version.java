package org.alphaquant.cache;

/**
 * Files that belong together and never change: a repository of the hub at a commit, or a folder of
 * a store as it was found.
 */
public interface Version {

  /** The name of its folder in a cache: {@code models--org--name}. */
  String folder();

  /** The version's id within its folder: 40 hexadecimal digits. */
  String revision();

  /** Its name in messages. */
  String path();
}
