package org.alphaquant.cache;

/**
 * How far a download is.
 *
 * @param done bytes downloaded so far
 * @param total bytes of all files
 * @param bytesPerSecond over the network, since it began
 * @param remainingSeconds null while it cannot be told
 */
public record DownloadProgress(
    long done, long total, double bytesPerSecond, Long remainingSeconds) {}
