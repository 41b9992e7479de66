/** The Ministral3 family. */
package org.alphaquant.model.ministral3;
