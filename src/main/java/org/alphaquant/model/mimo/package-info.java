/** The Mimo family. */
package org.alphaquant.model.mimo;
