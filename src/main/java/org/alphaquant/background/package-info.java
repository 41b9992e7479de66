/**
 * Background threads that poll the database, woken sooner by LISTEN/NOTIFY, and that survive every
 * failure.
 */
package org.alphaquant.background;
