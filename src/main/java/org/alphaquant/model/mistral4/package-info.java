/** Mistral 4. */
package org.alphaquant.model.mistral4;
