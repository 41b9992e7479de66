/** One attempt at a job: its phases, its finished layers, and how a later attempt resumes. */
package org.alphaquant.run;
