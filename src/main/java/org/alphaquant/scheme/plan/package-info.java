/**
 * Plans the result of a resolved configuration before any work is done: tensors, sizes, the
 * checkpoint format, and the findings of the target engine.
 */
package org.alphaquant.scheme.plan;
