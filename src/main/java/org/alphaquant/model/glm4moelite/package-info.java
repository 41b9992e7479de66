/** The Glm4MoeLite family. */
package org.alphaquant.model.glm4moelite;
