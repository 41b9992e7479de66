/**
 * The runner process: it connects to the service that started it, handles one request at a time,
 * and ends when the service is gone.
 */
package org.alphaquant.runner.child;
