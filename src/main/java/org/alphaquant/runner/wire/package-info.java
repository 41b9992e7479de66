/**
 * The protocol between a service and its runners: JSON messages, each preceded by its length in
 * four bytes, over a Unix domain socket.
 */
package org.alphaquant.runner.wire;
