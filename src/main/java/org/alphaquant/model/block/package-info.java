/**
 * The blocks of a decoder layer with their weights in memory: attention, feed-forward blocks,
 * routers and experts, and what they are made of.
 */
package org.alphaquant.model.block;
