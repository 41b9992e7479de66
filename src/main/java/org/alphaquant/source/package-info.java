/**
 * Where inputs come from: a model id or a file name is looked up below roots that the operator
 * allowed, and nothing outside of them is ever opened.
 */
package org.alphaquant.source;
