/** ERNIE 4.5, dense. */
package org.alphaquant.model.ernie45;
