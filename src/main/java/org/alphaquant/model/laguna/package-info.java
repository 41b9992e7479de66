/** Laguna. */
package org.alphaquant.model.laguna;
