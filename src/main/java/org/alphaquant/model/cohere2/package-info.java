/** The Cohere2 family. */
package org.alphaquant.model.cohere2;
