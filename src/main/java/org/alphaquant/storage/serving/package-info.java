/** Rules of engines about stored results: what the storage formats state their own rules with. */
package org.alphaquant.storage.serving;
