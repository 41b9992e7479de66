/** Llama 4, text. */
package org.alphaquant.model.llama4;
