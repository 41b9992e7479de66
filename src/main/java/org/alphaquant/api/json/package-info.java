/**
 * Request bodies: read strictly, with every mistake found in one pass and named by its JSON
 * pointer.
 */
package org.alphaquant.api.json;
