/** Phi-3, Phi-3.5 and Phi-4 (arXiv 2404.14219). */
package org.alphaquant.model.phi3;
