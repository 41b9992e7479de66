/**
 * Language models as a stack of decoder layers, one layer in memory at a time. {@link
 * org.alphaquant.model.ModelFamilies} recognises a checkpoint, describes it without computing
 * anything, and opens it; every family is one folder below this package that turns a config.json
 * into a {@link org.alphaquant.model.design.Blueprint}. All arithmetic is fp32.
 */
package org.alphaquant.model;
