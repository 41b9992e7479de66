/** Webhook deliveries: one row per message, from the change of state to the last attempt. */
package org.alphaquant.job.delivery;
