/** How much memory and time a run takes. */
package org.alphaquant.estimate;
