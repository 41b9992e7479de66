/**
 * The quantization configuration: default and ordered overrides, resolved to a scheme for every
 * tensor, and what can be said about the result before any work is done.
 */
package org.alphaquant.scheme;
