/**
 * The command behind {@code ./quickstart}: starts the service as a process of its own, posts one
 * job and follows it in the terminal, through nothing but the public REST API.
 */
package org.alphaquant.quickstart;
