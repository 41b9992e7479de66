/** The routed experts of a layer in two stacked tensors. */
package org.alphaquant.storage.source.fused;
