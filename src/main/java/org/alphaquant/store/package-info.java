/**
 * Stores that speak S3: models and texts come from them as from the hub, results and finished
 * layers go there. A job names a store, never an endpoint: the operator configures the stores,
 * their addresses and keys. No key leaves this process.
 *
 * <p>Sources: the Amazon S3 API reference (ListObjectsV2, GetObject, the multipart operations,
 * conditional requests), and what MinIO, Ceph and R2 take of it: no checksum trailers, one object
 * deleted at a time.
 */
package org.alphaquant.store;
