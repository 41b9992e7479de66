/** Files of texts that callers send ahead of a job: streamed to disk, bounded, deleted in time. */
package org.alphaquant.upload;
