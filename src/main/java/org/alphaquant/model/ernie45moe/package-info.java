/** ERNIE 4.5, sparse. */
package org.alphaquant.model.ernie45moe;
