/** OLMo 2 (arXiv 2501.00656). */
package org.alphaquant.model.olmo2;
