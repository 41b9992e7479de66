/**
 * Downloads the model and texts of a job before an attempt and uploads its result afterwards, in
 * the process that has the database, the network and the secrets, so that the process that reads
 * untrusted bytes needs none of them.
 */
package org.alphaquant.fetch;
