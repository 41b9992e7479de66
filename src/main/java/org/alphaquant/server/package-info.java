/** What every part of the server knows about its process: role and data folder. */
package org.alphaquant.server;
