/**
 * Reading of model tensors from the layouts in which checkpoints store them. Each layout is one
 * folder below; all of them return {@link org.alphaquant.storage.source.SourceTensor}.
 */
package org.alphaquant.storage.source;
