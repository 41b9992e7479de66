/** OLMo 3. */
package org.alphaquant.model.olmo3;
