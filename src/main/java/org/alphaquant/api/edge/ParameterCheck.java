package org.alphaquant.api.edge;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.alphaquant.api.problem.ProblemException;
import org.alphaquant.api.problem.ProblemType;
import org.alphaquant.problem.Problem;
import org.springframework.core.DefaultParameterNameDiscoverer;
import org.springframework.core.MethodParameter;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.method.HandlerMethod;
import org.springframework.web.servlet.HandlerInterceptor;

/** Refuses query parameters that a handler does not know: a misspelled one must not be ignored. */
final class ParameterCheck implements HandlerInterceptor {
  private static final DefaultParameterNameDiscoverer NAMES = new DefaultParameterNameDiscoverer();

  private final Map<HandlerMethod, List<String>> known = new ConcurrentHashMap<>();

  @Override
  public boolean preHandle(
      HttpServletRequest request, HttpServletResponse response, Object handler) {
    if (handler instanceof HandlerMethod method
        && method.getMethodAnnotation(ChecksParameters.class) == null) {
      List<String> allowed = known.computeIfAbsent(method, ParameterCheck::names);
      List<Problem> unknown =
          request.getParameterMap().entrySet().stream()
              .filter(given -> !allowed.contains(given.getKey()))
              .map(
                  given ->
                      ProblemException.unknownParameter(
                          given.getKey(), given.getValue()[0], allowed))
              .toList();
      if (!unknown.isEmpty()) {
        throw new ProblemException(ProblemType.INVALID_PARAMETER, unknown);
      }
    }
    return true;
  }

  private static List<String> names(HandlerMethod method) {
    return Arrays.stream(method.getMethodParameters())
        .filter(parameter -> parameter.hasParameterAnnotation(RequestParam.class))
        .map(ParameterCheck::name)
        .toList();
  }

  private static String name(MethodParameter parameter) {
    String name = parameter.getParameterAnnotation(RequestParam.class).name();
    parameter.initParameterNameDiscovery(NAMES);
    return name.isEmpty() ? parameter.getParameterName() : name;
  }
}
