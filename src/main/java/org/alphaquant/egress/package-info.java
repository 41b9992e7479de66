/** Which addresses the service may connect to: public ones, but not those of private networks. */
package org.alphaquant.egress;
