/** Endpoints for a job's results: files, the archive of all files, reports on experts. */
package org.alphaquant.api.result;
