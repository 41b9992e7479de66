/** The Laguna family. */
package org.alphaquant.model.laguna;
