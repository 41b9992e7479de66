/** The Olmo3 family. */
package org.alphaquant.model.olmo3;
