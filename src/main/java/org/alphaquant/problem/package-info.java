/** What there is to say about a request: errors, warnings, notes. */
package org.alphaquant.problem;
