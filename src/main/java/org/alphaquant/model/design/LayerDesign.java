package org.alphaquant.model.design;

/** One decoder layer before it is loaded. */
public record LayerDesign(AttentionDesign attention, FeedForwardDesign feedForward) {}
