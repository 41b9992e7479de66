/** Nemotron-H and Nemotron 3 (arXiv 2504.03624): one mixer a layer. */
package org.alphaquant.model.nemotronh;
