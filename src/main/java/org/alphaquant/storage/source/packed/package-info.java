/** Integers packed into 32-bit words, as compressed-tensors stores them. */
package org.alphaquant.storage.source.packed;
