/** A registry's metrics for Prometheus: what it has counted, read when somebody asks. */

import process from "node:process";
import type { Metric, Registry } from "prom-client";
import { DURATION_BOUNDS, type Statistics } from "../registrar/statistics.ts";
import type { AdmissionCounts } from "../registrar/admission.ts";
import type { ConnectionCounts } from "../registrar/server.ts";
import { VERSION } from "../util/version.ts";

/** How a registry stands to the table that it shares with others. */
export interface ClusterState {
  /** Whether it has a connection to the cluster. */
  readonly connected: boolean;
  /** Whether its copy of the table may be older than the cluster's. */
  readonly stale: boolean;
  /** Age of the last change of the copy that the cluster confirmed, in seconds. */
  readonly lagSeconds: number;
}

/** What the metrics are made of. */
export interface MetricsSource {
  readonly statistics: Statistics;
  connections(): ConnectionCounts;
  /** People in the room. */
  people(): number;
  /** Lines left out of the output so far, by reason. */
  leftOut(): { readonly output: number; readonly limit: number };
  /** Connections that lost their places to others. */
  evicted(): AdmissionCounts["evicted"];
  /** Why no phone should come to this registry now, if so. */
  notReady(): string | undefined;
  /** Only with a cluster. */
  readonly cluster?: () => ClusterState;
}

interface Sample {
  readonly value: number;
  readonly labels?: Readonly<Record<string, string>>;
  /** End of the name: `_bucket`, `_sum`, `_count`. */
  readonly suffix?: string;
}

/** A family of metrics (Prometheus, exposition formats). */
interface Family {
  readonly name: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly help: string;
  readonly samples: () => readonly Sample[];
}

/** Writes the metrics as Prometheus reads them. */
export interface Exposition {
  readonly type: string;
  text(): Promise<string>;
}

/** Puts the metrics together. Loads the library for them, which only a registry with `--metrics` needs. */
export async function openMetrics(source: MetricsSource): Promise<Exposition> {
  const { default: library } = await import("prom-client");
  const registry: Registry = new library.Registry();
  for (const family of families(source)) {
    const { name, help, type, samples } = family;
    // The library's own counters would be set a second time: a metric of its registry is what has `get()`.
    const metric = {
      name,
      get: () =>
        Promise.resolve({
          ...{ name, help, type },
          values: samples().map(({ value, labels = {}, suffix = "" }) => ({
            ...{ value, labels },
            metricName: `${name}${suffix}`,
          })),
        }),
    };
    registry.registerMetric(metric as unknown as Metric);
  }
  return { type: registry.contentType, text: () => registry.metrics() };
}

/** Every family, in the order of the page. */
function families(source: MetricsSource): Family[] {
  const { statistics, cluster } = source;
  const startedAt = performance.timeOrigin / 1000;
  return [
    gauge(
      "sala_build_info",
      "Always 1; the labels are the versions of this registry and of its runtime.",
      () => [
        { value: 1, labels: { version: VERSION, deno: Deno.version.deno } },
      ],
    ),
    gauge(
      "sala_ready",
      "Whether phones may come to this registry, as /readyz says (1), or not (0).",
      () => one(source.notReady() === undefined ? 1 : 0),
    ),
    gauge(
      "sala_connections",
      "Open connections of phones: with a name, without one yet, or refused and still reading why.",
      () => labelled("state", source.connections()),
    ),
    gauge("sala_people", "People in the room.", () => one(source.people())),
    counter(
      "sala_connections_accepted_total",
      "Connections taken from the system, refused ones included.",
      () => one(statistics.accepted),
    ),
    counter("sala_people_joined_total", "People who came into the room.", () => one(statistics.joined)),
    counter(
      "sala_people_left_total",
      "People who left the room: with a goodbye, by the end of their connection, or silent.",
      () => labelled("reason", statistics.left),
    ),
    counter(
      "sala_requests_total",
      "Lines from phones by type of message; invalid: lines that are no request.",
      () => labelled("type", statistics.requests),
    ),
    counter(
      "sala_places_lost_total",
      "Connections that lost their places to others because there were too few: with a name, or without one.",
      () => labelled("state", source.evicted()),
    ),
    counter(
      "sala_errors_total",
      "Replies of type erro, by codigo.",
      () => labelled("code", statistics.errors),
    ),
    counter(
      "sala_refusals_total",
      "Connections and requests that were refused, by reason.",
      () => labelled("reason", statistics.refusals),
    ),
    {
      name: "sala_request_duration_seconds",
      type: "histogram",
      help:
        "Time from a request's arrival until the system has taken its reply, the rate limit's delay included.",
      samples: () => histogram(statistics),
    },
    counter(
      "sala_received_bytes_total",
      "Bytes from phones, without those of TLS.",
      () => one(statistics.bytesReceived),
    ),
    counter(
      "sala_sent_bytes_total",
      "Bytes to phones, without those of TLS.",
      () => one(statistics.bytesSent),
    ),
    counter(
      "sala_log_lines_left_out_total",
      "Lines left out of the output: it could not be written in time, or peers caused more than the limits allow.",
      () => labelled("reason", source.leftOut()),
    ),
    ...cluster
      ? [
        gauge("sala_cluster_connected", "Whether this registry has a connection to the cluster.", () =>
          one(Number(cluster().connected))),
        gauge("sala_cluster_stale", "Whether this registry's copy of the table may be old.", () =>
          one(Number(cluster().stale))),
        gauge("sala_cluster_lag_seconds", "Age of the copy of the table, in seconds.", () =>
          one(cluster().lagSeconds)),
      ]
      : [],
    counter("process_cpu_seconds_total", "Processor time of this process, in seconds.", () => {
      const { user, system } = process.cpuUsage();
      return one((user + system) / 1e6);
    }),
    gauge(
      "process_resident_memory_bytes",
      "Memory of this process, in bytes.",
      () => one(Deno.memoryUsage().rss),
    ),
    gauge(
      "process_start_time_seconds",
      "When this process started, in seconds since 1970.",
      () => one(startedAt),
    ),
  ];
}

function gauge(name: string, help: string, samples: () => readonly Sample[]): Family {
  return { type: "gauge", name, help, samples };
}

function counter(name: string, help: string, samples: () => readonly Sample[]): Family {
  return { type: "counter", name, help, samples };
}

function one(value: number): Sample[] {
  return [{ value }];
}

/** A sample for each key, which this program has, never the network. */
function labelled(label: string, counts: object): Sample[] {
  return Object.entries(counts).map(([key, value]) => ({ value, labels: { [label]: key } }));
}

function histogram({ durations, durationMs }: Statistics): Sample[] {
  let below = 0;
  const buckets = [...durations].map((count, index) => ({
    suffix: "_bucket",
    value: below += count,
    labels: { le: index < DURATION_BOUNDS.length ? String(DURATION_BOUNDS[index]) : "+Inf" },
  }));
  return [...buckets, { suffix: "_sum", value: durationMs / 1000 }, { suffix: "_count", value: below }];
}
