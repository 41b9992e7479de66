package org.alphaquant.job.library;

import com.fasterxml.jackson.annotation.JsonInclude;
import org.alphaquant.job.JobProgress;

/**
 * A model that jobs can name.
 *
 * @param model as jobs name it
 * @param source {@code root} below an allowed root, {@code cache} in the cache that this service
 *     writes to, {@code shared-cache} in one that it only reads
 * @param revision the commit; null below a root
 * @param state {@code present}, {@code incomplete}, {@code queued}, {@code downloading} or {@code
 *     failed}
 * @param family {@code model_type} of config.json; null if it is missing
 * @param bytes total size of the files present
 * @param licence licence named by its card; null if none
 * @param transfer progress of its download; null if none
 * @param error why the download failed; null if it did not
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record StoredModel(
    String model,
    String source,
    String revision,
    String state,
    String family,
    long bytes,
    String licence,
    JobProgress.Transfer transfer,
    String error) {}
