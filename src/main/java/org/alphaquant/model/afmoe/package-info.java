/** AFMoE (Trinity). */
package org.alphaquant.model.afmoe;
