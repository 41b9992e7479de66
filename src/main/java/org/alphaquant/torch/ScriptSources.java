package org.alphaquant.torch;

import java.io.IOException;
import java.io.InputStream;
import java.net.JarURLConnection;
import java.net.URI;
import java.net.URL;
import java.net.URLConnection;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** The TorchScript sources on the class path, in a folder or in a jar, which may be nested. */
final class ScriptSources {

  private static final String FOLDER = "torchscript/";
  private static final String SUFFIX = ".py";

  private ScriptSources() {}

  /** Every module, by name. */
  static List<ScriptModule> read() throws IOException {
    ClassLoader loader = ScriptSources.class.getClassLoader();
    URL folder = loader.getResource(FOLDER);
    if (folder == null) {
      throw new IOException("the class path has no folder " + FOLDER);
    }
    List<ScriptModule> modules = new ArrayList<>();
    for (String name : names(folder).stream().sorted().toList()) {
      try (InputStream source = loader.getResourceAsStream(FOLDER + name)) {
        String module = name.substring(0, name.length() - SUFFIX.length());
        modules.add(
            new ScriptModule(module, new String(source.readAllBytes(), StandardCharsets.UTF_8)));
      }
    }
    return modules;
  }

  private static List<String> names(URL folder) throws IOException {
    URLConnection connection = folder.openConnection();
    if (connection instanceof JarURLConnection jar) {
      return scripts(
          jar.getJarFile().stream()
              .map(entry -> entry.getName())
              .filter(name -> name.startsWith(FOLDER))
              .map(name -> name.substring(FOLDER.length())));
    }
    try (Stream<Path> files = Files.list(Path.of(URI.create(folder.toString())))) {
      return scripts(files.map(file -> file.getFileName().toString()));
    }
  }

  private static List<String> scripts(Stream<String> names) {
    return names.filter(name -> name.endsWith(SUFFIX) && !name.contains("/")).toList();
  }
}
