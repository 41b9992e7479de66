package org.alphaquant.job.row;

import org.alphaquant.job.JobSpec;

/** A specification as stored in the row, with its version. */
record StoredSpec(int version, JobSpec spec) {
  StoredSpec(JobSpec spec) {
    this(JobSpec.VERSION, spec);
  }
}
