/** The HunYuanDense family. */
package org.alphaquant.model.hunyuandense;
