/**
 * Authentication, authorization and rate limits: API keys with scopes.
 *
 * <p>Until the first key is created, anybody who reaches the service may do everything; it then
 * listens on this machine only, or does not start. The first key ends anonymous access for good,
 * even if it is revoked later.
 */
package org.alphaquant.security;
