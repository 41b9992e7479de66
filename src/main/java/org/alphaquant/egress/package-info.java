/** What the service may connect to: which addresses belong to the world and which to a network. */
package org.alphaquant.egress;
