/** Granite-MoE with shared experts. */
package org.alphaquant.model.granitemoeshared;
