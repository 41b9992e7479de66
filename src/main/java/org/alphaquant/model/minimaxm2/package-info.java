/** The MiniMaxM2 family. */
package org.alphaquant.model.minimaxm2;
