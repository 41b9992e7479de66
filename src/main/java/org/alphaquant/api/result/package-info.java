/** Endpoints for what a job has made: files, the archive of all, reports on experts. */
package org.alphaquant.api.result;
