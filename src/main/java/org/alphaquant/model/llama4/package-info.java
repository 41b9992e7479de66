/** The Llama 4 family. */
package org.alphaquant.model.llama4;
