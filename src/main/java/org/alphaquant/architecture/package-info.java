/** The description of a model, as data: families, layers, linears and routing, without a tensor. */
package org.alphaquant.architecture;
