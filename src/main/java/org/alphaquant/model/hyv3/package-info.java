/** Hunyuan 3. */
package org.alphaquant.model.hyv3;
