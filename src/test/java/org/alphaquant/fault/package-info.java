/** The whole service as processes of its own, under faults of every kind at once. */
package org.alphaquant.fault;
