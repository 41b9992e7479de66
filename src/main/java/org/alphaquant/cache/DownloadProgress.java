package org.alphaquant.cache;

/**
 * The progress of a download.
 *
 * @param done bytes downloaded so far
 * @param total bytes of all files
 * @param bytesPerSecond over the network, since it began
 * @param remainingSeconds null while it cannot be estimated
 */
public record DownloadProgress(
    long done, long total, double bytesPerSecond, Long remainingSeconds) {}
