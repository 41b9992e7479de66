/**
 * What a family declares and what is built from it: designs know names and shapes without any
 * array, outline the tensors a checkpoint must hold, and load into the blocks of {@link
 * org.alphaquant.model.block}. What families share exists here once.
 */
package org.alphaquant.model.design;
