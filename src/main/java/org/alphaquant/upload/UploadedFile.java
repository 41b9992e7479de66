package org.alphaquant.upload;

import java.time.Instant;
import java.util.UUID;
import tools.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import tools.jackson.databind.annotation.JsonNaming;

/**
 * An uploaded file.
 *
 * @param source its name in a job
 * @param name the sender's name for it
 */
@JsonNaming(SnakeCaseStrategy.class)
public record UploadedFile(
    UUID id,
    String source,
    String name,
    long bytes,
    String sha256,
    Instant createdAt,
    Instant expiresAt) {}
