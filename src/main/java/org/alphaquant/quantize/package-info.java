/**
 * Quantizes a model layer by layer, stage by stage, the experts in chunks. Knows no jobs but for
 * their failures, and no files.
 */
package org.alphaquant.quantize;
