/** The HunYuanMoe family. */
package org.alphaquant.model.hunyuanmoe;
