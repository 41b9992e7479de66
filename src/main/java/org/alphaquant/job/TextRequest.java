package org.alphaquant.job;

import static org.alphaquant.job.Limits.orElse;
import static org.alphaquant.job.Limits.text;
import static org.alphaquant.job.Limits.textOrNull;
import static org.alphaquant.job.Limits.within;

import java.util.stream.Stream;
import tools.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import tools.jackson.databind.annotation.JsonNaming;

/**
 * A file of texts.
 *
 * @param source a path below one of the allowed roots, {@code hf://datasets/org/name}, the name of
 *     a data set that is known, {@code s3://store/path} of a file, or {@code upload:ID} of an
 *     uploaded one
 * @param share weight among the sources; 1 where not given
 * @param config of a data set; its usual one where null
 * @param split of a data set; its training split where null
 * @param file of a data set, a name or pattern; the first of the split where null
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
