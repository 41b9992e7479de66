package org.alphaquant.database;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.springframework.boot.jdbc.autoconfigure.JdbcConnectionDetails;

/** Stands between a client and its server and can fall silent, as a broken network does. */
public final class TcpProxy implements AutoCloseable {
  private final ServerSocket server;
  private final int target;
  private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
  private final Object change = new Object();
  private boolean silent;
  private volatile boolean closed;

  public TcpProxy(JdbcConnectionDetails database) throws IOException {
    this(Integer.parseInt(database.getJdbcUrl().replaceAll(".*:(\\d+)/.*", "$1")), 0);
  }

  /**
   * @param target port on this machine that it forwards to
   * @param port to listen at; 0 for any
   */
  public TcpProxy(int target, int port) throws IOException {
    this.target = target;
    server = new ServerSocket(port, 50, InetAddress.getLoopbackAddress());
    start(this::accept);
  }

  public int port() {
    return server.getLocalPort();
  }

  /** The same database, reached through this proxy. */
  public JdbcConnectionDetails through(JdbcConnectionDetails database) {
    return new TestDatabases.Connectable(
        database.getJdbcUrl().replace(":" + target + "/", ":" + server.getLocalPort() + "/"),
        database.getUsername(),
        database.getPassword());
  }

  /** From now on nothing passes and nothing is refused: packets vanish. */
  public void fallSilent() {
    synchronized (change) {
      silent = true;
    }
  }

  /** Everything passes again; connections of before are broken. */
  public void recover() {
    sockets.forEach(TcpProxy::close);
    synchronized (change) {
      silent = false;
      change.notifyAll();
    }
  }

  private void accept() {
    while (!closed) {
      try {
        Socket client = server.accept();
        Socket database = new Socket(InetAddress.getLoopbackAddress(), target);
        sockets.add(client);
        sockets.add(database);
        start(() -> forward(client, database));
        start(() -> forward(database, client));
      } catch (IOException e) {
        closed = closed || server.isClosed();
      }
    }
  }

  private void forward(Socket from, Socket to) {
    byte[] bytes = new byte[8192];
    try {
      InputStream input = from.getInputStream();
      OutputStream output = to.getOutputStream();
      for (int read = input.read(bytes); read >= 0; read = input.read(bytes)) {
        awaitPassage();
        output.write(bytes, 0, read);
      }
    } catch (IOException | InterruptedException e) {
      close(from);
    }
    close(to);
  }

  private void awaitPassage() throws InterruptedException {
    synchronized (change) {
      while (silent) {
        change.wait();
      }
    }
  }

  private static void start(Runnable work) {
    Thread thread = new Thread(work, "tcp-proxy");
    thread.setDaemon(true);
    thread.start();
  }

  private static void close(Socket socket) {
    try {
      socket.close();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() throws IOException {
    closed = true;
    server.close();
    recover();
  }
}
