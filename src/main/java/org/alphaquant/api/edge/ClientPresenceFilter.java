package org.alphaquant.api.edge;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Optional;
import org.alphaquant.request.ClientPresence;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication;
import org.springframework.stereotype.Component;
import org.springframework.web.filter.OncePerRequestFilter;

/** Ends the work for a client when the client has disconnected. */
@Component
@ConditionalOnWebApplication
class ClientPresenceFilter extends OncePerRequestFilter {

  @Override
  protected void doFilterInternal(
      HttpServletRequest request, HttpServletResponse response, FilterChain chain)
      throws ServletException, IOException {
    Optional<Connection> connection = Connection.of(request);
    if (connection.isPresent()) {
      ClientPresence.<ServletException>during(
          connection.get()::isClosed, () -> chain.doFilter(request, response));
    } else {
      chain.doFilter(request, response);
    }
  }
}
