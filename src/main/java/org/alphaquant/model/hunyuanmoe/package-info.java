/** Hunyuan-A13B. */
package org.alphaquant.model.hunyuanmoe;
