package org.alphaquant.prepare;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.alphaquant.job.JobSpec;

/** Counts the tokens of a job's texts before it is queued. */
public interface TextTrial {

  /**
   * Makes the samples of a specification somewhere that can do no harm.
   *
   * @param folder of the model, for its tokenizer
   * @param files that the specification names, all of them here
   * @return empty where it could not be told in time
   */
  Optional<TokenCount> of(Path folder, JobSpec spec, List<Path> files);
}
