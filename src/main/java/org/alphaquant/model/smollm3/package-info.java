/** SmolLM3. */
package org.alphaquant.model.smollm3;
