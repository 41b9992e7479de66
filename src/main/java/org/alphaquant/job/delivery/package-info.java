/** Messages to the webhooks of jobs: one row each, from the change of state to the last attempt. */
package org.alphaquant.job.delivery;
