# Two stages: the Swift image builds, a plain Debian 12 runs.
FROM swift:6.3-bookworm AS build
RUN apt-get update \
 && apt-get install -y --no-install-recommends libical-dev libxml2-dev libsqlite3-dev libcurl4-openssl-dev pkg-config \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY Package.swift ./
COPY Sources Sources
COPY Tests Tests
RUN swift build -c release --static-swift-stdlib --explicit-target-dependency-import-check error --product kalends \
 && strip .build/release/kalends

FROM debian:bookworm-slim
# tzdata is not optional: libical and our own zone rules read the system's zone files.
RUN apt-get update \
 && apt-get install -y --no-install-recommends libical3 libxml2 libsqlite3-0 libcurl4 tzdata ca-certificates \
 && rm -rf /var/lib/apt/lists/*
RUN useradd --system --uid 10008 --home-dir /data --shell /usr/sbin/nologin kalends \
 && install -d -o kalends -g kalends -m 0700 /data
COPY --from=build /source/.build/release/kalends /usr/local/bin/kalends
USER kalends
ENV KALENDS_DATA=/data
VOLUME /data
EXPOSE 8008
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s CMD ["kalends", "health", "--address", "http://127.0.0.1:8008"]
ENTRYPOINT ["kalends"]
CMD ["serve", "--listen", "0.0.0.0:8008"]
