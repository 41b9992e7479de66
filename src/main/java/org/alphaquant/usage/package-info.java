/** How much of the service's storage each owner takes. */
package org.alphaquant.usage;
