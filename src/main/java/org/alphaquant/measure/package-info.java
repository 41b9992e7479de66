/** Figures of a model with the interval that they are certain to, and how that is found. */
package org.alphaquant.measure;
