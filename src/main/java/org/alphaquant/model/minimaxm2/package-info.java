/** MiniMax-M2. */
package org.alphaquant.model.minimaxm2;
