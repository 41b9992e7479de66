/** The Dots1 family. */
package org.alphaquant.model.dots1;
