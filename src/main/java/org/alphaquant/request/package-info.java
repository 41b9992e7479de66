/** Whether the client of a request still waits for its answer. */
package org.alphaquant.request;
