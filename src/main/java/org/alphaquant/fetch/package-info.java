/**
 * Brings what a job names from where it lives to where it is run: before an attempt begins, in the
 * process that has the database, the network and the secrets, so that what reads a stranger's bytes
 * needs none of them.
 */
package org.alphaquant.fetch;
