/** The Ernie45 family. */
package org.alphaquant.model.ernie45;
