/** One attempt at a job: its phases, its finished layers, and how a later attempt goes on. */
package org.alphaquant.run;
