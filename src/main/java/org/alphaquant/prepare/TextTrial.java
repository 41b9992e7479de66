package org.alphaquant.prepare;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.alphaquant.job.JobSpec;

/** Counts the tokens of a job's texts before it is queued. */
public interface TextTrial {

  /**
   * Tokenizes the samples of a specification in an isolated process.
   *
   * @param folder of the model, for its tokenizer
   * @param files that the specification names, all of them local
   * @return empty if it took too long
   */
  Optional<TokenCount> of(Path folder, JobSpec spec, List<Path> files);
}
