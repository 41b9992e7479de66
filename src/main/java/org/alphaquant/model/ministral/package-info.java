/** Ministral. */
package org.alphaquant.model.ministral;
