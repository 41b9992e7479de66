/** Problems (RFC 9457): the body of every error response. */
package org.alphaquant.api.problem;
