/** The models that the service keeps on its disk, and the version that a job pins. */
package org.alphaquant.job.library;
