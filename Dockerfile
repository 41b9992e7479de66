# syntax=docker/dockerfile:1
# AlphaQuant Server as an image, in two targets:
#   docker build -t alphaquant-server:cpu .
#   docker build -t alphaquant-server:gpu --target gpu .
# docs/docker.md says how to run them. Base images are arguments, for registries of one's own.
ARG BUILD_IMAGE=maven:3.9.11-eclipse-temurin-17
ARG CPU_IMAGE=debian:12.11-slim
ARG CUDA_IMAGE=nvidia/cuda:12.8.1-runtime-ubuntu24.04

FROM ${BUILD_IMAGE} AS build
WORKDIR /build
COPY . .
ARG MAVEN_ARGS=""
RUN --mount=type=cache,target=/root/.m2 \
    mvn -q -B ${MAVEN_ARGS} -Dmaven.test.skip=true -Dspotless.check.skip=true package
RUN java -Djarmode=tools -jar target/alphaquant-server.jar extract --layers --destination layers
# PyTorch comes from outside the jar, so that nothing is unpacked at a start; the other native libraries
# are put where DJL would unpack them.
RUN set -eu; \
    mkdir -p natives cpu gpu sbom; \
    case $(uname -m) in \
      x86_64) platform=linux-x86_64 ;; \
      aarch64) platform=linux-aarch64 ;; \
      *) echo "no native libraries for $(uname -m)" >&2; exit 1 ;; \
    esac; \
    lib=/build/layers/dependencies/lib; \
    cd natives; \
    for jar in pytorch-native-cpu pytorch-jni tokenizers pytorch-engine; do jar xf $lib/$jar-[0-9]*.jar; done; \
    torch=$(sed -n 's/^version=//p' native/lib/pytorch.properties); \
    torch=${torch%%-*}; \
    djl=$(ls $lib/pytorch-engine-*.jar | sed 's/.*-\([0-9.]*\)\.jar/\1/'); \
    tokenizers=$(sed -n 's/^version=//p' native/lib/tokenizers.properties); \
    for flavor in cpu cu128; do \
      target=/build/$([ $flavor = cpu ] && echo cpu || echo gpu); \
      [ -d jnilib/$platform/$flavor ] || continue; \
      mkdir -p $target/djl/pytorch/$torch-$flavor-$platform \
        $target/djl/tokenizers/$tokenizers-cpu-$platform; \
      cp jnilib/$platform/$flavor/libdjl_torch.so \
        $target/djl/pytorch/$torch-$flavor-$platform/$djl-libdjl_torch.so; \
      cp native/lib/$platform/cpu/* $target/djl/tokenizers/$tokenizers-cpu-$platform/; \
    done; \
    mkdir -p /build/cpu/libtorch; \
    cp pytorch/cpu/$platform/* /build/cpu/libtorch/; \
    rm $lib/pytorch-native-cpu-*.jar; \
    cd /build/sbom; \
    cp ../target/classes/META-INF/sbom/application.cdx.json .
RUN jlink --output /opt/java --no-header-files --no-man-pages --strip-java-debug-attributes \
    --add-modules java.se,jdk.crypto.ec,jdk.jfr,jdk.localedata,jdk.management,jdk.naming.dns,jdk.net,jdk.unsupported,jdk.zipfs

FROM ${BUILD_IMAGE} AS libtorch
# PyTorch's own distribution; its hash is checked where it is given.
ARG LIBTORCH_URL=https://download.pytorch.org/libtorch/cu128/libtorch-cxx11-abi-shared-with-deps-2.7.1%2Bcu128.zip
ARG LIBTORCH_SHA256=""
WORKDIR /opt
RUN set -eu; \
    curl -fsSL --retry 3 -o libtorch.zip "$LIBTORCH_URL"; \
    if [ -n "$LIBTORCH_SHA256" ]; then echo "$LIBTORCH_SHA256  libtorch.zip" | sha256sum -c -; fi; \
    jar xf libtorch.zip libtorch/lib; \
    rm -f libtorch.zip libtorch/lib/*.a; \
    chmod -R a+rX libtorch

FROM ${CUDA_IMAGE} AS gpu
ARG VERSION=0.1.0-SNAPSHOT
ARG REVISION=unknown
LABEL org.opencontainers.image.title="AlphaQuant Server (GPU)" \
      org.opencontainers.image.description="Quantizes Mixture-of-Experts language models; CUDA 12.8" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=build /opt/java /opt/java
COPY --from=libtorch /opt/libtorch/lib /opt/libtorch
COPY --from=build /build/gpu/djl /opt/djl
COPY --from=build /build/sbom /usr/share/doc/alphaquant/sbom
COPY LICENSE /usr/share/doc/alphaquant/
COPY examples /opt/alphaquant/examples
COPY --from=build /build/layers/dependencies/ /build/layers/spring-boot-loader/ /app/
COPY --from=build /build/layers/snapshot-dependencies/ /build/layers/application/ /app/
# initdb, of the PostgreSQL that is there for trying, asks for the user's name.
RUN mkdir -p /data /models /texts && chown 10001:10001 /data \
    && echo 'alphaquant:x:10001:' >> /etc/group \
    && echo 'alphaquant:x:10001:10001::/data:/usr/sbin/nologin' >> /etc/passwd
# All three of PYTORCH_*, or DJL guesses a flavor that it has no library for.
ENV PATH=/opt/java/bin:$PATH \
    LANG=C.UTF-8 \
    PYTORCH_LIBRARY_PATH=/opt/libtorch \
    PYTORCH_VERSION=2.7.1 \
    PYTORCH_FLAVOR=cu128 \
    DJL_CACHE_DIR=/opt/djl \
    OFFLINE=true \
    OMP_WAIT_POLICY=passive \
    NVIDIA_VISIBLE_DEVICES=all \
    NVIDIA_DRIVER_CAPABILITIES=compute,utility \
    SERVER_ADDRESS=0.0.0.0 \
    SPRING_CONFIG_IMPORT=optional:configtree:/run/secrets/ \
    ALPHAQUANT_DATA_DIR=/data \
    ALPHAQUANT_MODELS_ROOTS=/models,/opt/alphaquant/examples/models \
    ALPHAQUANT_FILES_ROOTS=/texts,/opt/alphaquant/examples
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 8080 8081
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=4 \
  CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/${SERVER_PORT:-8080} && printf 'GET %s/readyz HTTP/1.0\\r\\nHost: localhost\\r\\n\\r\\n' \"$SERVER_SERVLET_CONTEXT_PATH\" >&3 && head -n 1 <&3 | grep -q ' 200'"]
ENTRYPOINT ["java", "-XX:+ExitOnOutOfMemoryError", "-XX:-UsePerfData", "--enable-native-access=ALL-UNNAMED", "-jar", "/app/alphaquant-server.jar"]

FROM ${CPU_IMAGE} AS cpu
ARG VERSION=0.1.0-SNAPSHOT
ARG REVISION=unknown
LABEL org.opencontainers.image.title="AlphaQuant Server (CPU)" \
      org.opencontainers.image.description="Quantizes Mixture-of-Experts language models" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=build /opt/java /opt/java
COPY --from=build /build/cpu/libtorch /opt/libtorch
COPY --from=build /build/cpu/djl /opt/djl
COPY --from=build /build/sbom /usr/share/doc/alphaquant/sbom
COPY LICENSE /usr/share/doc/alphaquant/
COPY examples /opt/alphaquant/examples
COPY --from=build /build/layers/dependencies/ /build/layers/spring-boot-loader/ /app/
COPY --from=build /build/layers/snapshot-dependencies/ /build/layers/application/ /app/
# initdb, of the PostgreSQL that is there for trying, asks for the user's name.
RUN mkdir -p /data /models /texts && chown 10001:10001 /data \
    && echo 'alphaquant:x:10001:' >> /etc/group \
    && echo 'alphaquant:x:10001:10001::/data:/usr/sbin/nologin' >> /etc/passwd
ENV PATH=/opt/java/bin:$PATH \
    LANG=C.UTF-8 \
    PYTORCH_LIBRARY_PATH=/opt/libtorch \
    PYTORCH_VERSION=2.7.1 \
    PYTORCH_FLAVOR=cpu \
    DJL_CACHE_DIR=/opt/djl \
    OFFLINE=true \
    OMP_WAIT_POLICY=passive \
    SERVER_ADDRESS=0.0.0.0 \
    SPRING_CONFIG_IMPORT=optional:configtree:/run/secrets/ \
    ALPHAQUANT_DATA_DIR=/data \
    ALPHAQUANT_MODELS_ROOTS=/models,/opt/alphaquant/examples/models \
    ALPHAQUANT_FILES_ROOTS=/texts,/opt/alphaquant/examples
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 8080 8081
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=4 \
  CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/${SERVER_PORT:-8080} && printf 'GET %s/readyz HTTP/1.0\\r\\nHost: localhost\\r\\n\\r\\n' \"$SERVER_SERVLET_CONTEXT_PATH\" >&3 && head -n 1 <&3 | grep -q ' 200'"]
ENTRYPOINT ["java", "-XX:+ExitOnOutOfMemoryError", "-XX:-UsePerfData", "--enable-native-access=ALL-UNNAMED", "-jar", "/app/alphaquant-server.jar"]
