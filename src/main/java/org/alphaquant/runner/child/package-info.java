/**
 * The runner's own process: it connects to the service that started it, does what it is asked, one
 * thing at a time, and ends when the service is gone.
 */
package org.alphaquant.runner.child;
