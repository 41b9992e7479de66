/**
 * How results are stored. {@link org.alphaquant.storage.StorageFormat} is the contract that each
 * format's folder below this package fulfils; {@link org.alphaquant.storage.Codec} holds the two
 * directions of one weight's layout side by side.
 */
package org.alphaquant.storage;
