/** Starts an embedded PostgreSQL in the data directory if no database is configured. */
package org.alphaquant.database;
