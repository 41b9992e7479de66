/**
 * What engines make of a stored result: the conditions under which they serve it, in the terms that
 * every storage format states its own in.
 */
package org.alphaquant.storage.serving;
