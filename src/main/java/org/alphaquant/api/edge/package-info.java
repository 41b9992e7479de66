/**
 * Filters that every request passes before a controller: allowed hosts, limits for bodies, storable
 * text, request ids, and checks for clients and keys that are gone.
 */
package org.alphaquant.api.edge;
