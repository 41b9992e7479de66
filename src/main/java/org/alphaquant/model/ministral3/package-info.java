/** Ministral 3. */
package org.alphaquant.model.ministral3;
