/**
 * The quantization configuration: default and ordered overrides, resolved to a scheme for every
 * tensor, and checked before any work is done.
 */
package org.alphaquant.scheme;
