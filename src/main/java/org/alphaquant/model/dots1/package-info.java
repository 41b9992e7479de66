/** dots.llm1 (arXiv 2506.05767). */
package org.alphaquant.model.dots1;
