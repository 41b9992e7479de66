/** The Phi3 family. */
package org.alphaquant.model.phi3;
