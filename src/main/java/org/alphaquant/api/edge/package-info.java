/**
 * What every request passes before a controller sees it: allowed hosts, limits and patience for
 * bodies, text that can be stored, an id for each request.
 */
package org.alphaquant.api.edge;
