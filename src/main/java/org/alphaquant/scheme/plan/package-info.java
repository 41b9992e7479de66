/**
 * What a resolved configuration comes to before any work is done: sizes, memory, the checkpoint
 * format, and what the engine that is to serve it will say.
 */
package org.alphaquant.scheme.plan;
