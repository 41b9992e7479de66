/** K-EXAONE. */
package org.alphaquant.model.exaonemoe;
