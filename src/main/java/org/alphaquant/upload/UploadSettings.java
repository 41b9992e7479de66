package org.alphaquant.upload;

import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/**
 * Limits of uploaded files.
 *
 * @param maxSize bytes of one file
 * @param maxOwnerSize bytes of all files of one owner
 * @param keep time until a file is deleted
 * @param sweepEvery time between two deletions of expired files
 * @param location {@code s3://store/path} that the files lie below; the data directory where not
 *     set
 */
@ConfigurationProperties("alphaquant.uploads")
record UploadSettings(
    @DefaultValue("256MB") DataSize maxSize,
    @DefaultValue("2GB") DataSize maxOwnerSize,
    @DefaultValue("7d") Duration keep,
    @DefaultValue("10m") Duration sweepEvery,
    String location) {}
