/**
 * Brings what a job names from where it lives to where it is run, and its result to where it is to
 * lie: before an attempt begins and after it has ended, in the process that has the database, the
 * network and the secrets, so that what reads a stranger's bytes needs none of them.
 */
package org.alphaquant.fetch;
