/** The Exaone4 family. */
package org.alphaquant.model.exaone4;
