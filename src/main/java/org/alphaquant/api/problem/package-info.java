/** Problems (RFC 9457): what every error is answered with. */
package org.alphaquant.api.problem;
