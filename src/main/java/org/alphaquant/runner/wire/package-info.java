/**
 * What a service and its runners say to each other: JSON messages, each behind four bytes of
 * length, over a Unix domain socket.
 */
package org.alphaquant.runner.wire;
