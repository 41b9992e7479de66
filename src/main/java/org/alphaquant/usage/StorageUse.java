package org.alphaquant.usage;

/**
 * What one owner has stored.
 *
 * @param jobs whose results are kept
 * @param resultBytes of those results, wherever they lie
 * @param fileBytes of uploaded files
 * @param modelBytes of models and data sets that came into the caches because this owner asked
 */
public record StorageUse(
    String owner, long jobs, long resultBytes, long fileBytes, long modelBytes) {

  /** All bytes. */
  public long bytes() {
    return resultBytes + fileBytes + modelBytes;
  }
}
