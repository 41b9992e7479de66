/** The SeedOss family. */
package org.alphaquant.model.seedoss;
