/**
 * A job as client, service, worker and run share it: the request, its progress and its result.
 * Plain values that validate themselves, independent of the database.
 */
package org.alphaquant.job;
