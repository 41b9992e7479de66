/** The ExaoneMoe family. */
package org.alphaquant.model.exaonemoe;
