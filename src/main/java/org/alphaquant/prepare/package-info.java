/**
 * From the names in a specification to things: folder, family, schemes, plan and texts, each opened
 * and checked before any work is done.
 */
package org.alphaquant.prepare;
