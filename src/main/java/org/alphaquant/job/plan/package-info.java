/**
 * What is asked before a job is stored: whether it can run, what it would give, what its model is.
 * The service asks through these interfaces; the packages that open checkpoints answer.
 */
package org.alphaquant.job.plan;
