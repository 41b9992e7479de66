/**
 * From text to token ids: the samples that calibrate a quantization and the windows that measure
 * it. Text is streamed, except the one that is evaluated, and every choice is reproducible from the
 * seed.
 */
package org.alphaquant.calibration;
