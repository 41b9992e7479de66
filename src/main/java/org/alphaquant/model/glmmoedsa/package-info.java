/** The GlmMoeDsa family. */
package org.alphaquant.model.glmmoedsa;
