/** The SmolLm3 family. */
package org.alphaquant.model.smollm3;
