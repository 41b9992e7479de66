/** Settings of the server process: role and data folder. */
package org.alphaquant.server;
