/** The Glm4 family. */
package org.alphaquant.model.glm4;
