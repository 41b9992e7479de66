/** Endpoints for those who run the service: API keys and workers. */
package org.alphaquant.api.admin;
