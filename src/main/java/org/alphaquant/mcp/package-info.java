/**
 * The service for agents: a Model Context Protocol endpoint whose tools inspect models, plan and
 * post jobs, follow them and compare results. Every tool is a request to the service's own REST API
 * with the caller's key, so that rights, limits and refusals are the same.
 *
 * @see <a href="https://modelcontextprotocol.io/specification">Model Context Protocol</a>
 */
package org.alphaquant.mcp;
