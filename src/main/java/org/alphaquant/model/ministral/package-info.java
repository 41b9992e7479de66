/** The Ministral family. */
package org.alphaquant.model.ministral;
