/** GLM-4-0414. */
package org.alphaquant.model.glm4;
