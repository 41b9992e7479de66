/** LFM2-MoE. */
package org.alphaquant.model.lfm2moe;
