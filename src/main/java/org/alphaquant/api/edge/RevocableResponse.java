package org.alphaquant.api.edge;

import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.WriteListener;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.servlet.http.HttpServletResponseWrapper;
import java.io.IOException;
import java.util.Optional;
import org.apache.catalina.connector.ClientAbortException;

/** A response that another thread can revoke; the next write then fails. */
final class RevocableResponse extends HttpServletResponseWrapper {
  private final Optional<Connection> connection;
  private volatile boolean revoked;

  RevocableResponse(HttpServletResponse response, Optional<Connection> connection) {
    super(response);
    this.connection = connection;
  }

  void revoke() {
    revoked = true;
  }

  @Override
  public ServletOutputStream getOutputStream() throws IOException {
    return new Body(super.getOutputStream());
  }

  private void requireAccess() throws IOException {
    if (revoked) {
      connection.ifPresent(Connection::abort);
      throw new ClientAbortException("The key of this download no longer grants access");
    }
  }

  private final class Body extends ServletOutputStream {
    private final ServletOutputStream out;

    private Body(ServletOutputStream out) {
      this.out = out;
    }

    @Override
    public void write(int value) throws IOException {
      requireAccess();
      out.write(value);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      requireAccess();
      out.write(bytes, offset, length);
    }

    @Override
    public void flush() throws IOException {
      requireAccess();
      out.flush();
    }

    @Override
    public void close() throws IOException {
      requireAccess();
      out.close();
    }

    @Override
    public boolean isReady() {
      return out.isReady();
    }

    @Override
    public void setWriteListener(WriteListener listener) {
      out.setWriteListener(listener);
    }
  }
}
