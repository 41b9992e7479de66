package org.alphaquant.api.edge;

import jakarta.servlet.ServletException;
import java.io.IOException;
import org.apache.catalina.connector.Request;
import org.apache.catalina.connector.Response;
import org.apache.catalina.valves.ValveBase;

/** Lets filters reach the connection of a request. */
final class ConnectionValve extends ValveBase {

  ConnectionValve() {
    super(true);
  }

  @Override
  public void invoke(Request request, Response response) throws IOException, ServletException {
    Connection.attach(request);
    getNext().invoke(request, response);
  }
}
