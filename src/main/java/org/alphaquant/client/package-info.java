/**
 * The terminal client: commands that submit, plan, follow, compare and download jobs through
 * nothing but the public REST API.
 */
package org.alphaquant.client;
