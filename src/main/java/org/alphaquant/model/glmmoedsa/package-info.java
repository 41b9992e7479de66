/** GLM-5. */
package org.alphaquant.model.glmmoedsa;
