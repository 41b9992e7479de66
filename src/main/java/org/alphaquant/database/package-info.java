/** Starts PostgreSQL inside the data directory where no database is configured. */
package org.alphaquant.database;
