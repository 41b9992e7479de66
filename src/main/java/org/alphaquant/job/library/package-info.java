/** The models on the service's disk, and the version that a job is pinned to. */
package org.alphaquant.job.library;
