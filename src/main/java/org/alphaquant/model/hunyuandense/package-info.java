/** Hunyuan, dense. */
package org.alphaquant.model.hunyuandense;
