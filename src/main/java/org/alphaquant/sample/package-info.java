/**
 * Text that a model writes itself, by its own forward pass with a cache of keys and values: data to
 * calibrate and to distill with that needs no licence and covers what the model knows.
 */
package org.alphaquant.sample;
