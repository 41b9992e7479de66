/**
 * A job as client, service, worker and run speak of it: what it asks for, how far it is, how it
 * ended. Plain values that validate themselves; nothing here knows a database.
 */
package org.alphaquant.job;
