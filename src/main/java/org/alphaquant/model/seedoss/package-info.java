/** Seed-OSS. */
package org.alphaquant.model.seedoss;
