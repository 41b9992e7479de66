/** Endpoints for jobs and plans: create, read, list, cancel, retry, delete. */
package org.alphaquant.api.job;
