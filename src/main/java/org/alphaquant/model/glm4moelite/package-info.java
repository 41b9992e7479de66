/** GLM-4.7-Flash. */
package org.alphaquant.model.glm4moelite;
