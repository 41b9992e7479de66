package org.alphaquant.mcp;

import io.modelcontextprotocol.common.McpTransportContext;
import io.modelcontextprotocol.json.jackson3.JacksonMcpJsonMapper;
import io.modelcontextprotocol.server.McpServer;
import io.modelcontextprotocol.server.McpStatelessSyncServer;
import io.modelcontextprotocol.spec.McpSchema.ServerCapabilities;
import java.util.Map;
import org.springframework.ai.mcp.server.webmvc.transport.WebMvcStatelessServerTransport;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.http.HttpHeaders;
import org.springframework.web.servlet.function.RouterFunction;
import org.springframework.web.servlet.function.ServerRequest;
import org.springframework.web.servlet.function.ServerResponse;
import tools.jackson.databind.json.JsonMapper;

/** Serves the tools at {@code /mcp}, by the protocol's streamable HTTP without sessions. */
@Configuration(proxyBeanMethods = false)
@ConditionalOnWebApplication
class McpConfiguration {
  private static final String ENDPOINT = "/mcp";

  @Bean
  WebMvcStatelessServerTransport mcpTransport() {
    return WebMvcStatelessServerTransport.builder()
        .jsonMapper(json())
        .messageEndpoint(ENDPOINT)
        .contextExtractor(McpConfiguration::credential)
        .build();
  }

  @Bean
  RouterFunction<ServerResponse> mcpRoute(WebMvcStatelessServerTransport transport) {
    return transport.getRouterFunction();
  }

  @Bean(destroyMethod = "close")
  McpStatelessSyncServer mcpServer(WebMvcStatelessServerTransport transport, OwnAddress address) {
    String version = McpConfiguration.class.getPackage().getImplementationVersion();
    return McpServer.sync(transport)
        .jsonMapper(json())
        .serverInfo("alphaquant", version == null ? "development" : version)
        .instructions(
            "Quantizes language models. Inspect a model, plan a job until the plan is as wanted, "
                + "submit it, watch it to its end, and look at how its experts were used.")
        .capabilities(ServerCapabilities.builder().tools(false).prompts(false).build())
        .tools(new McpTools(address).all())
        .prompts(McpPrompts.all())
        // On the request's thread, so that no call waits for a pool that others fill.
        .immediateExecution(true)
        .build();
  }

  @Bean
  OwnAddress ownAddress() {
    return new OwnAddress();
  }

  private static JacksonMcpJsonMapper json() {
    return new JacksonMcpJsonMapper(JsonMapper.builder().build());
  }

  private static McpTransportContext credential(ServerRequest request) {
    String header = request.headers().firstHeader(HttpHeaders.AUTHORIZATION);
    return header == null
        ? McpTransportContext.EMPTY
        : McpTransportContext.create(Map.of(HttpHeaders.AUTHORIZATION, header));
  }
}
