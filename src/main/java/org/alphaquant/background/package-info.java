/**
 * Threads that follow the database: they look at its rows every so often, sooner when LISTEN/NOTIFY
 * wakes them, and outlive every failure.
 */
package org.alphaquant.background;
