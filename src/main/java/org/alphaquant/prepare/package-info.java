/**
 * Resolves the names in a specification to folder, family, schemes, plan and texts, and checks each
 * before any work is done.
 */
package org.alphaquant.prepare;
