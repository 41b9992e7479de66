/**
 * Text files that clients upload ahead of a job: streamed to disk, limited in size, deleted after a
 * while.
 */
package org.alphaquant.upload;
