/**
 * Finds out what quantizing one part of a model costs: by the divergence of its predictions, by the
 * solver's own errors, or by the spectrum of its weights.
 */
package org.alphaquant.sensitivity;
