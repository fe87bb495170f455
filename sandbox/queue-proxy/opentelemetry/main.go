// Command opentelemetry prints what Knative's later queue-proxy gives Prometheus after four requests: it drives the real handler
// of knative.dev/serving's pkg/queue, with the resource that pkg/queue/sharedmain describes the pod by (otel.go, func res).
//
// Service, configuration, revision, namespace and pod are attributes of that resource. They are labels of the series where
// Prometheus promotes them (`otlp.promote_resource_attributes`, or an OpenTelemetry collector before it), as here.
//
// Run as: go run . > ../../../test/sandbox/fixtures/queue-proxy-opentelemetry.prom
package main

import (
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/otlptranslator"
	"go.opentelemetry.io/otel/attribute"
	otelprom "go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	"knative.dev/pkg/observability/semconv"
	servingmetrics "knative.dev/serving/pkg/metrics"
	"knative.dev/serving/pkg/queue"
)

// Requests that differ in the status that they ask for and the milliseconds that they take.
var requests = []string{"/200/0", "/200/5", "/404/0", "/503/120"}

var pod = resource.NewWithAttributes(semconv.SchemaURL,
	semconv.K8SNamespaceName("default"),
	semconv.K8SPodName("sample-app-v1-deployment-1"),
	servingmetrics.ServiceNameKey.With("sample-app"),
	servingmetrics.ConfigurationNameKey.With("sample-app"),
	servingmetrics.RevisionNameKey.With("sample-app-v1"),
)

func main() {
	registry := prometheus.NewRegistry()
	exporter, err := otelprom.New(
		otelprom.WithRegisterer(registry),
		otelprom.WithTranslationStrategy(otlptranslator.UnderscoreEscapingWithSuffixes),
		otelprom.WithResourceAsConstantLabels(func(attribute.KeyValue) bool { return true }),
		otelprom.WithoutTargetInfo(),
	)
	if err != nil {
		log.Fatal(err)
	}
	provider := metric.NewMeterProvider(metric.WithReader(exporter), metric.WithResource(pod))
	handler, err := queue.NewAppRequestMetricsHandler(provider, http.HandlerFunc(answer), nil)
	if err != nil {
		log.Fatal(err)
	}
	for _, path := range requests {
		handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, path, nil))
	}
	families, err := registry.Gather()
	if err != nil {
		log.Fatal(err)
	}
	for _, family := range families {
		if _, err := expfmt.MetricFamilyToText(os.Stdout, family); err != nil {
			log.Fatal(err)
		}
	}
}

func answer(w http.ResponseWriter, r *http.Request) {
	status, err := strconv.Atoi(r.URL.Path[1:4])
	if err != nil {
		log.Fatal(err)
	}
	milliseconds, err := strconv.Atoi(r.URL.Path[5:])
	if err != nil {
		log.Fatal(err)
	}
	time.Sleep(time.Duration(milliseconds) * time.Millisecond)
	w.WriteHeader(status)
}
