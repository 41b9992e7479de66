package org.alphaquant.report;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;
import org.alphaquant.checkpoint.WrittenFile;

/**
 * A model that was read, by what identifies it.
 *
 * @param id as the job names it
 * @param origin where it was brought from, with its version; null where it is below a root
 * @param sha256 of its headers and config.json
 * @param files weights, config.json and tokenizer.json with the SHA-256 of their bytes
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record ReportedSource(String id, String origin, String sha256, List<WrittenFile> files) {}
