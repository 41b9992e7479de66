/**
 * Interfaces for checks before a job is stored: whether it can run, what the result will be, and
 * what the model is. The packages that open checkpoints implement them.
 */
package org.alphaquant.job.plan;
