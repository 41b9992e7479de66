/**
 * Reading of model tensors from the ways in which checkpoints store them. Each way is one folder
 * below; {@link org.alphaquant.storage.source.SourceTensor} is what all of them give.
 */
package org.alphaquant.storage.source;
