package org.alphaquant.job.row;

import org.alphaquant.job.JobSpec;

/** A specification as it lies in its row. */
record StoredSpec(int version, JobSpec spec) {
  StoredSpec(JobSpec spec) {
    this(JobSpec.VERSION, spec);
  }
}
