/**
 * The building blocks that families declare: designs have names and shapes without any array,
 * outline the tensors that a checkpoint must hold, and load into the blocks of {@link
 * org.alphaquant.model.block}. Everything that families share exists here once.
 */
package org.alphaquant.model.design;
