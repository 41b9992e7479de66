/** The quantized values in the model's own dtype: loads wherever the model does, saves no space. */
package org.alphaquant.storage.plain;
