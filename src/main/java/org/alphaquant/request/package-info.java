/** Stops work on requests whose client has disconnected. */
package org.alphaquant.request;
