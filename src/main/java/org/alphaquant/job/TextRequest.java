package org.alphaquant.job;

import static org.alphaquant.job.Limits.orElse;
import static org.alphaquant.job.Limits.text;
import static org.alphaquant.job.Limits.textOrNull;
import static org.alphaquant.job.Limits.within;

import java.util.stream.Stream;
import tools.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import tools.jackson.databind.annotation.JsonNaming;

/**
 * A file with texts.
 *
 * @param source a path below one of the allowed roots, {@code hf://datasets/org/name}, the name of
 *     a known data set, {@code s3://store/path} of a file, or {@code upload:ID} of an uploaded one
 * @param share relative share of the samples; 1 by default
 * @param config configuration of a data set; null for the default
 * @param split split of a data set; null for the training split
 * @param file file name or pattern in a data set; null for the first file of the split
 * @param field the field of a row that holds a document
 */
@JsonNaming(SnakeCaseStrategy.class)
public record TextRequest(
    String source, Double share, String config, String split, String file, String field) {
  public TextRequest {
    text("source", source, 1024);
    share = within("share", orElse(share, 1.0), 1e-6, 1e6);
    textOrNull("config", config, 128);
    textOrNull("split", split, 128);
    textOrNull("file", file, 512);
    field = text("field", orElse(field, "text"), 128);
  }

  /** A name that identifies the file. */
  public String name() {
    return String.join(
        "#", Stream.of(source, config, split, file).map(it -> it == null ? "" : it).toList());
  }
}
