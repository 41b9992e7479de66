/**
 * Authentication, authorization and rate limits: API keys with scopes.
 *
 * <p>As long as no key was ever made, everybody who reaches the service may do everything; it then
 * listens on this machine only, or does not start. The first key ends that for good, also when it
 * is revoked later.
 */
package org.alphaquant.security;
