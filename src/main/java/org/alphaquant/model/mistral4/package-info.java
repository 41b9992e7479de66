/** The Mistral4 family. */
package org.alphaquant.model.mistral4;
