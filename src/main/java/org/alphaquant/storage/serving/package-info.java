/**
 * Rules of engines about stored results: the vocabulary in which storage formats state their own
 * rules.
 */
package org.alphaquant.storage.serving;
