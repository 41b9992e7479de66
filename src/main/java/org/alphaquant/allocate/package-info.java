/**
 * Chooses a number format for every part of a model within a budget: which parts an engine lets
 * have a format of their own, which formats there are to choose from, the choice itself, and the
 * configuration that says it.
 */
package org.alphaquant.allocate;
