/** The tensors of a model found in a checkpoint: one line for each way of storing them. */
package org.alphaquant.storage.sources;
