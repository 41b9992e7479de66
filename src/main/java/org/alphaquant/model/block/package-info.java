/**
 * The blocks of a decoder layer with their weights in memory: attention, feed-forward blocks,
 * routers, experts and their parts.
 */
package org.alphaquant.model.block;
