/** The Olmo2 family. */
package org.alphaquant.model.olmo2;
